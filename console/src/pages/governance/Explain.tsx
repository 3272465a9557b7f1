// Why one touch was sent, or was not: first a sentence anyone understands, then the proof. Sent and held share one anatomy.
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Button } from 'antd'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Recomputed, RuleRead, TouchDetail } from '../../api/types'
import { useFormat } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { useSaid } from '../../kit/fail'
import { Icon } from '../../kit/Icon'
import { RuleId } from '../../kit/marks'
import { Facts, Page } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useCopy } from '../../kit/useCopy'
import { TimeString } from './TimeString'
import { useTouchWords } from './Touches'
import './governance.css'

export function Explain() {
  const { id = '' } = useParams({ strict: false })
  const { t } = useTouchWords()
  const said = useSaid()
  const copy = useCopy()
  const path = `/touches/${encodeURIComponent(id)}`
  const touch = useGet<TouchDetail>(path)
  const again = useAct<Recomputed>({ method: 'POST', path: `${path}/recompute`, got: (r) => { if (r.same) said(t('same')) } })
  return (
    <Page
      title={t('oneTitle')} crumbs={[{ text: t('touches'), to: '/touches' }, { text: t('one') }]}
      actions={touch.data && <><Button onClick={() => again.mutate()} loading={again.isPending}>{t('recompute')}</Button><Button onClick={() => copy(location.href)}>{t('copyLink')}</Button></>}
    >
      <Ready query={touch} rows={10}>
        {(x) => (
          <div className="explain panel">
            {again.data?.note && <p className="note" role="status" style={{ margin: 16 }}>{again.data.note}</p>}
            {again.data && !again.data.same && <p className="note bad" role="alert" style={{ margin: 16 }}><Icon name="warn" size={14} />{t('differs', { v: again.data.verdict })}</p>}
            <Said touch={x} />
            <div className="halves">
              <div><Who touch={x} /><OverTime touch={x} /><Course touch={x} /></div>
              <div><Rules rules={x.rules} version={x.rule_version} /><Afterwards touch={x} /></div>
            </div>
          </div>
        )}
      </Ready>
    </Page>
  )
}

function Said({ touch: x }: { touch: TouchDetail }) {
  const { t } = useTouchWords()
  const f = useFormat()
  const held = x.state === 'held'
  const sent = x.state === 'delivered' || x.state === 'committed'
  const passed = x.rules.filter((r) => r.verdict === 'pass').length
  const win = x.window && x.window.cap > 0 ? x.window : undefined
  return (
    <div className="say">
      <p className={`kind ${held ? 'held' : sent ? 'pine' : 'second'}`}><Icon name={held ? 'held' : sent ? 'check' : 'clock'} />{held ? t('notSent') : sent ? t('sent') : t('underway')}<span>{f.longDate(x.at)} {f.clock(x.at)}</span></p>
      <h2>{x.sentence}</h2>
      <p>{held ? (x.next_at ? t('judgedAgain') : t('notAgain')) : <>{t('passedAll', { n: passed })}{f.lang === 'en' && ' '}{win && sent ? t('nth', { days: win.days, used: win.used + 1, cap: win.cap }) : x.class === 'service' ? t('serviceNote') : ''}</>}</p>
    </div>
  )
}

function Who({ touch: x }: { touch: TouchDetail }) {
  const { t, cls, channel, cause } = useTouchWords()
  const to = cause(x)
  const actor = useActor()
  return (
    <section>
      <h3>{t('who')}</h3>
      <Facts rows={[
        ...(x.customer ? [[t('customer'), <A key="c" to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name}</A>] as [string, ReactNode]] : []),
        [t('requested'), actor(x.who.requested_by.name)], [t('reason'), x.who.reason === 'added' ? t('reasonAdded') : x.who.reason || '—'], [t('sender'), x.who.sender?.name || x.staff?.name || '—'],
        [t('channel'), <span key="h">{channel(x.channel)} · {cls(x.class)}{x.campaign?.name && <> · {to ? <A to={to}>{x.campaign.name}</A> : x.campaign.name}</>}</span>],
      ]} />
      {x.twin && <p className="s13 second">{t('twin')} <A to={`/touches/${x.twin}`}>{t('twinOpen')}</A></p>}
      {x.displaced_by && <p className="s13 second">{t('displaced')} <A to={`/touches/${x.displaced_by}`}>{t('displacedBy')}</A></p>}
      {x.text && <blockquote>{x.text}</blockquote>}
    </section>
  )
}

function OverTime({ touch: x }: { touch: TouchDetail }) {
  const { t } = useTouchWords()
  const win = x.window
  if (!win || win.cap <= 0) return null
  return <section><h3>{t('overTime')}<span>{t('overTimeSub')}</span></h3><TimeString touch={x} window={win} /></section>
}

export function Rules({ rules, version }: { rules: RuleRead[]; version: string }) {
  const { t } = useTouchWords()
  const f = useFormat()
  return (
    <section>
      <h3>{t('rules')}<span>{t('rulesSub', { v: version })}</span></h3>
      <table className="plain-table read"><tbody>
        {rules.map((r, i) => (
          <tr key={i} className={r.verdict}>
            <td><RuleId id={r.rule_id} /></td><td>{r.days ? t('withinDays', { title: r.title, days: r.days }) : r.title}{r.value && r.days ? <span className="mute s12"> {r.value}</span> : null}{r.reason && <div className="held s12">{r.reason}</div>}{r.verdict === 'waits' && r.next_at && <span className="mute s12"> {t('from', { time: f.moment(r.next_at) })}</span>}</td>
            <td className="right nowrap">{r.cap ? (r.verdict === 'not_read' ? '' : `${r.before} → ${r.after}`) : r.value}</td>
            <td className={`right nowrap ${r.verdict === 'pass' ? 'pine' : r.verdict === 'held' || r.verdict === 'waits' ? 'held b' : 'mute'}`}>{t(r.verdict)}</td>
          </tr>
        ))}
      </tbody></table>
    </section>
  )
}

/** Held ones stop at once: what they did not reach is shown hollow. */
const course = (x: TouchDetail): { state: string; at?: string }[] => (x.state === 'held' ? [...x.steps, { state: 'tasked' }, { state: 'delivered' }, { state: 'committed' }] : x.steps)

const stepNames = ['held', 'reserved', 'tasked', 'confirmed', 'delivered', 'committed', 'released'] as const

function Course({ touch: x }: { touch: TouchDetail }) {
  const { t } = useTouchWords()
  const f = useFormat()
  return (
    <section>
      <h3>{t('course')}</h3>
      <ol className="course" style={{ gridTemplateColumns: `repeat(${Math.max(1, course(x).length)}, 1fr)` }}>
        {course(x).map((s, i) => {
          const known = stepNames.find((n) => n === s.state)
          return <li key={i} className={s.at ? (s.state === 'held' ? 'stop' : '') : 'no'}><b>{known ? t(`step_${known}`) : s.state}</b>{s.at ? f.moment(s.at) : t('notYet')}</li>
        })}
      </ol>
    </section>
  )
}

function Afterwards({ touch: x }: { touch: TouchDetail }) {
  const { t } = useTouchWords()
  const f = useFormat()
  const me = useMe()
  const canAudit = useCan()('audit.read') && me.scope === 'all'
  return (
    <>
      {x.state !== 'held' && <section><h3>{t('afterwards')}</h3>{x.after.length === 0 ? <p className="mute s13">{t('nothingAfter')}</p> : <Facts rows={x.after.map((a): [string, string] => [f.moment(a.at), a.text])} />}</section>}
      {x.options.length > 0 && <section><h3>{t('options')}</h3><ul className="ways">{x.options.map((o) => <li key={o.text}>{o.text}</li>)}</ul></section>}
      <section><h3>{t('evidence')}</h3><p className="s12 mute">{t('entry')} <span className="rule">{x.evidence.entry}</span>{x.evidence.permit && <>　{t('permitAt', { time: f.moment(x.evidence.permit) })}</>}{x.evidence.task_id && <>　{t('task')} <span className="rule">{x.evidence.task_id}</span></>}　<span className="rule">{x.evidence.key}</span></p>{x.evidence.audit && canAudit && <p className="s12" style={{ marginTop: 6 }}><A to={`/audit/${encodeURIComponent(x.evidence.audit)}`}>{t('auditEntry')}</A></p>}</section>
    </>
  )
}
