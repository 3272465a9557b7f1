// What a plan says: reached as large as held back, each reason with its rule and when next; then what room and quota remain.
import type { ApiError } from '../../api/client'
import type { Plan } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { Assessed } from '../../kit/Assessed'
import { RuleId } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { Failed, Skeleton } from '../../kit/states'
import { w } from './words'

export function PlanPanel({ plan: p, fresh, error, retry }: { plan?: Plan; fresh: boolean; error: ApiError | null; retry: () => void }) {
  const t = useWords(w)
  const f = useFormat()
  if (!p) return <div className="plan"><Panel title={t('plan')}>{error ? <Failed error={error} retry={retry} /> : fresh ? <p className="mute s13">{t('planWait')}</p> : <Skeleton rows={5} />}</Panel></div>
  const groups = p.kind === 'group'
  const other = Math.max(0, p.matched - p.reachable - p.held)
  const of = Math.max(1, p.matched)
  const most = p.per_staff.reduce((m, x) => Math.max(m, x.customers), 0)
  const per1000 = p.forecast.optouts_per_1000
  const expected = per1000 === undefined ? 0 : (p.reachable * per1000) / 1000
  return (
    <div className="plan stack">
      <Panel title={t('plan')} sub={error ? <span className="bad">{t('planFailed')}</span> : fresh ? t('planFresh') : t('planBusy')}>
        <div aria-live="polite" style={fresh ? undefined : { opacity: 0.6 }}>
          <p className="big" title={f.exact(p.reachable)}>{t.rich(groups ? 'receiveGroups' : 'receive', { n: p.reachable })}</p>
          {groups && <p className="s13 second">{t('people', { n: p.people ?? 0 })}</p>}
          <div className="share" role="img" aria-label={`${t('lgReached', { n: p.reachable })}, ${t('lgHeld', { n: p.held })}`}>
            {p.reachable > 0 && <i style={{ flex: p.reachable / of, background: 'var(--pine)' }} />}
            {p.held > 0 && <i className="hatch" style={{ flex: p.held / of }} />}
            {other > 0 && <i style={{ flex: other / of, background: 'var(--rest)' }} />}
            {p.matched === 0 && <i style={{ flex: 1, background: 'var(--line2)' }} />}
          </div>
          <p className="legend"><span><i style={{ background: 'var(--pine)' }} />{t('lgReached', { n: p.reachable })}</span><span><i className="hatch" />{t('lgHeld', { n: p.held })}</span>{other > 0 && <span><i style={{ background: 'var(--rest)' }} />{t('lgOther', { n: other })}</span>}</p>
          {(p.approval || p.assessed || p.cost > 1) && <ul className="s13 stack" style={{ marginTop: 12, gap: 6 }}>
            {p.approval && <li><span className="held">{t(p.approval === 'size' ? 'needsSize' : p.approval === 'ladder' ? 'needsLadder' : p.approval === 'assessment' ? 'needsAssessment' : 'needsWords')}</span> <RuleId id="OWN-07" /></li>}
            {p.assessed && <li><Assessed of={p.assessed} /></li>}
            {p.cost > 1 && <li><span className="held">{t('double')}</span> <RuleId id="OWN-12" /></li>}
          </ul>}
          {p.reasons.length === 0 ? <p className="mute s13" style={{ marginTop: 12 }}>{t(groups ? 'nobodyGroups' : 'nobody')}</p> : (
            <table className="plain-table" style={{ marginTop: 6 }}><tbody>
              {p.reasons.map((r) => <tr key={`${r.rule_id}${r.reason}`}><td>{r.reason}<div className="mute s12">{r.next_at ? t('nextAt', { time: f.moment(r.next_at) }) : /optout|LAW-24/.test(r.rule_id) ? t('ownOnly') : null}</div></td><td style={{ verticalAlign: 'top' }}><RuleId id={r.rule_id} /></td><td className="right held b" style={{ verticalAlign: 'top' }}>{f.count(r.count)}</td></tr>)}
            </tbody></table>
          )}
        </div>
      </Panel>
      <Panel title={t('after')}>
        <dl className="fc">
          <div><dt>{t(groups ? 'perOwner' : 'perStaff')}</dt><dd>{p.per_staff.length === 0 ? '—' : t(groups ? 'perOwnerN' : 'perStaffN', { n: p.per_staff.length, max: most })}</dd></div>
          <div><dt>{t('quota')}</dt><dd>{t.rich(groups ? 'quotaMaxGroup' : 'quotaMax', { a: p.quota.used_max, b: p.quota.limit })}</dd></div>
          {!groups && <div><dt>{t('forecast')}</dt><dd>{per1000 !== undefined ? <span className={expected >= 0.5 ? 'harm' : 'mute'}>{t('forecastN', { n: Math.round(expected), rate: f.perMille(per1000, 1000) })}</span> : <span className="mute">{t('forecastNone')}</span>}</dd></div>}
        </dl>
      </Panel>
    </div>
  )
}
