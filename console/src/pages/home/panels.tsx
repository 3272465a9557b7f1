// What was held back today, what waits for a person, what is running.
import type { Counters, Home, HeldRule, TodoKind } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useMayOpen } from '../../kit/A'
import { Icon, type IconName } from '../../kit/Icon'
import { Harm, HeldCount, HeldMark, RuleId } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { Empty } from '../../kit/states'
import { BroadcastStateTag } from '../broadcast/BroadcastStateTag'
import { w } from './words'

export function HeldToday({ held, counters }: { held: Home['held_today']; counters: Counters }) {
  const t = useWords(w)
  const f = useFormat()
  return (
    <Panel title={t('heldTitle')} mark={<HeldMark size={16} />} actions={<A to="/held">{t('heldAll')}</A>}>
      {held.touches === 0 ? <Empty title={t('heldZero')} text={t('heldZeroText')} /> : (
        <>
          <div className="big-held"><b>{f.count(held.touches)}</b><span className="s13 mute">{t('heldSum', { n: held.persons })}</span></div>
          <HeldBars rules={held.rules.slice(0, 6)} />
          <p className="s12 mute" style={{ marginTop: 12, paddingTop: 10, borderTop: '1px solid var(--line2)' }}>{[counters.held.deferred && t('heldDeferred', { n: counters.held.deferred }), counters.held.refused && t('heldRefused', { n: counters.held.refused })].filter(Boolean).join(f.lang === 'zh' ? '' : ' ')}</p>
        </>
      )}
    </Panel>
  )
}

/** `from`: the day since when the rows are counted; without it all are shown. */
export function HeldBars({ rules, from }: { rules: HeldRule[]; from?: string }) {
  const f = useFormat()
  const top = Math.max(1, ...rules.map((r) => r.count))
  return (
    <ul className="why-bars">
      {rules.map((r) => (
        <li key={`${r.rule_id}${r.reason}`}>
          <A to={`/touches?state=held&rule=${encodeURIComponent(r.rule_id)}${from ? `&from=${from}` : ''}`} className="cut" style={{ color: 'inherit' }} title={r.reason}>{r.reason}</A><RuleId id={r.rule_id} /><b>{f.count(r.count)}</b>
          <span className="bar"><i style={{ width: `${(r.count / top) * 100}%` }} /></span>
        </li>
      ))}
    </ul>
  )
}

const todoIcons: Record<TodoKind, IconName> = { broadcast_review: 'note', broadcast_unconfirmed: 'send', session_waiting: 'talk', moment_comments: 'talk', dead_letters: 'gear', sync_drift: 'again', doctor: 'warn', licence: 'note', complaint: 'talk', site_penalty: 'warn', capacity: 'people', fraud: 'warn', shared_login: 'people', limited: 'warn', data_request: 'note', data_periods: 'note', privacy_notice: 'note', export: 'note', incident: 'warn', assessment: 'note' }

/** Only what the caller can do something about: a page they cannot open is somebody else's work. */
export function Todos({ todo: all }: { todo: Home['todo'] }) {
  const t = useWords(w)
  const mayOpen = useMayOpen()
  const todo = all.filter((x) => mayOpen(x.link))
  return (
    <Panel title={t('todo')} sub={todo.length > 0 ? t('todoSub', { n: todo.length }) : undefined}>
      {todo.length === 0 ? <Empty icon="check" title={t('todoNone')} /> : (
        <ul className="todo" style={{ marginTop: -8 }}>
          {todo.map((x, i) => <li key={i}><Icon name={todoIcons[x.kind] ?? 'note'} /><div style={{ minWidth: 0 }}><p className="t">{x.title}</p><p className="mute s12">{x.detail}</p></div><A to={x.link}>{t(`todo_${x.kind}`)}</A></li>)}
        </ul>
      )}
    </Panel>
  )
}

export function Running({ running }: { running: Home['running'] }) {
  const t = useWords(w)
  const f = useFormat()
  const mayOpen = useMayOpen()
  return (
    <Panel title={t('running')} actions={mayOpen('/broadcasts') && <A to="/broadcasts">{t('all')}</A>}>
      {running.length === 0 ? <Empty icon="send" title={t('runningNone')} /> : (
        <div className="running"><table className="plain-table" style={{ marginTop: -8 }}>
          <thead><tr><th>{t('name')}</th><th className="right">{t('planned')}</th><th className="right">{t('done')}</th><th className="right">{t('heldCol')}</th><th className="right">{t('harmCol')}</th><th style={{ paddingLeft: 16 }}>{t('state')}</th></tr></thead>
          <tbody>
            {running.map((x) => (
              <tr key={x.id}>
                <td><A to={`/broadcasts/${x.id}`}>{x.name}</A></td><td className="right">{f.count(x.planned)}</td><td className="right">{f.count(x.delivered)}</td><td className="right"><HeldCount n={x.held} /></td>
                <td className="right"><Harm n={x.harm} of={x.delivered} /></td><td style={{ paddingLeft: 16 }}><BroadcastStateTag state={x.state} /></td>
              </tr>
            ))}
          </tbody>
        </table></div>
      )}
    </Panel>
  )
}
