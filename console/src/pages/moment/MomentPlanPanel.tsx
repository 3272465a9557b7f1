// What a plan of a Moment says: who may see it as large as who is held back, each reason with its rule and when next.
import type { ApiError } from '../../api/client'
import type { MomentPlan } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { Assessed } from '../../kit/Assessed'
import { RuleId } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { Failed, Skeleton } from '../../kit/states'
import { w } from './words'

export function MomentPlanPanel({ plan: p, fresh, error, retry }: { plan?: MomentPlan; fresh: boolean; error: ApiError | null; retry: () => void }) {
  const t = useWords(w)
  const f = useFormat()
  if (!p) return <div className="plan"><Panel title={t('plan')}>{error ? <Failed error={error} retry={retry} /> : fresh ? <p className="mute s13">{t('planWait')}</p> : <Skeleton rows={5} />}</Panel></div>
  const other = Math.max(0, p.matched - p.reachable - p.held)
  const of = Math.max(1, p.matched)
  return (
    <div className="plan stack">
      <Panel title={t('plan')} sub={error ? <span className="bad">{t('planFailed')}</span> : fresh ? t('planFresh') : t('planBusy')}>
        <div aria-live="polite" style={fresh ? undefined : { opacity: 0.6 }}>
          <p className="big" title={f.exact(p.reachable)}>{t.rich('receive', { n: p.reachable })}</p>
          <div className="share" role="img" aria-label={`${t('lgSeen', { n: p.reachable })}, ${t('lgHeld', { n: p.held })}`}>
            {p.reachable > 0 && <i style={{ flex: p.reachable / of, background: 'var(--pine)' }} />}
            {p.held > 0 && <i className="hatch" style={{ flex: p.held / of }} />}
            {other > 0 && <i style={{ flex: other / of, background: 'var(--rest)' }} />}
            {p.matched === 0 && <i style={{ flex: 1, background: 'var(--line2)' }} />}
          </div>
          <p className="legend"><span><i style={{ background: 'var(--pine)' }} />{t('lgSeen', { n: p.reachable })}</span><span><i className="hatch" />{t('lgHeld', { n: p.held })}</span>{other > 0 && <span><i style={{ background: 'var(--rest)' }} />{t('lgOther', { n: other })}</span>}</p>
          {p.approval && <p className="s13" style={{ marginTop: 12 }}><span className="held">{t(`needs_${p.approval}`)}</span> <RuleId id="OWN-07" /></p>}
          {p.assessed && <p className="s13" style={{ marginTop: 6 }}><Assessed of={p.assessed} /></p>}
          {p.reasons.length === 0 ? <p className="mute s13" style={{ marginTop: 12 }}>{t('nobody')}</p> : (
            <table className="plain-table" style={{ marginTop: 6 }}><tbody>
              {p.reasons.map((r) => <tr key={`${r.rule_id}${r.reason}`}><td>{r.reason}{r.next_at && <div className="mute s12">{t('nextAt', { time: f.moment(r.next_at) })}</div>}</td><td style={{ verticalAlign: 'top' }}><RuleId id={r.rule_id} /></td><td className="right held b" style={{ verticalAlign: 'top' }}>{f.count(r.count)}</td></tr>)}
            </tbody></table>
          )}
        </div>
      </Panel>
      <Panel title={t('how')}>
        <dl className="fc">
          <div><dt>{t('staff')}</dt><dd>{p.per_staff.length === 0 ? '—' : t('publishers', { n: p.per_staff.length })}</dd></div>
          <div><dt>{t('closesAt')}</dt><dd>{f.when(p.closes_at)}</dd></div>
          <div><dt>{t('full')}</dt><dd>{p.full > 0 ? t('fullN', { n: p.full }) : <span className="mute">0</span>}</dd></div>
        </dl>
        <p className="mute s12" style={{ marginTop: 8 }}>{t('byTag')}</p>
      </Panel>
    </div>
  )
}
