// Who is being erased, what that waits for, and what was removed. Those by age are a list of their own, so that they do not hide the others.
import { Segmented } from 'antd'
import { useLive } from '../../api/live'
import { useGet, useInvalidateSoon } from '../../api/queries'
import type { Erasure, PrivacyRegister } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { List, type Column } from '../../kit/List'
import { RuleId, State } from '../../kit/marks'
import { useUrl } from '../../kit/useurl'
import { isGone, removed } from './group'
import { Whose } from './Requests'
import { Room } from './Room'
import { w } from './words'

const views = ['asked', 'waiting', 'expired'] as const
type View = (typeof views)[number]
const asks: Record<View, Record<string, string>> = { asked: { why: 'asked' }, waiting: { state: 'waiting' }, expired: { why: 'expired' } }

export function Erasures() {
  return <Room at="/privacy/erasures" whole>{() => <Body />}</Room>
}

function Body() {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const actor = useActor()
  const soon = useInvalidateSoon()
  useLive('erasure', () => soon('/privacy/erasures'))
  const view = views.find((v) => v === url.one('show')) ?? 'asked'
  const by = (x: Erasure) => (x.by === 'system' ? t('system') : actor(x.by))
  const columns: Column<Erasure>[] = [
    { key: 'customer', title: t('who'), render: (x) => (isGone(x.customer) ? <span className="mute">{t('gone')}</span> : <Whose id={x.customer} name={x.name} />) },
    { key: 'why', title: t('why'), render: (x) => <div style={{ minWidth: 120 }}>{t(`why_${x.why}`)}{x.reason && <div className="second s13">{x.reason}</div>}</div> },
    { key: 'asked', title: t('askedAt'), render: (x) => <span className="nowrap">{f.moment(x.asked_at)}<div className="mute s12">{by(x)}</div></span> },
    { key: 'state', title: t('state'), render: (x) => (x.state === 'done' ? <span className="nowrap"><State tone="ok">{t('s_done')}</State> <span className="second">{f.moment(x.done_at)}</span></span> : <div style={{ minWidth: 160 }}><State tone="warn">{t('s_waiting')}</State> <span className="second s13">{t(x.waits_for ? `w_${x.waits_for}` : 'starting')}</span></div>) },
    { key: 'removed', title: t('removed'), render: (x) => (x.state === 'done' ? <Rows of={x} /> : '—') },
  ]
  const empty = { asked: { title: t('noErasures'), text: t('noErasuresText') }, waiting: { title: t('noWaiting') }, expired: { title: t('noExpired'), text: t('noExpiredText') } }
  return (
    <>
      <div className="row" style={{ marginBottom: 12 }}>
        <Segmented value={view} onChange={(v) => url.set({ show: v === 'asked' ? undefined : v })} options={views.map((v) => ({ value: v, label: t(`v_${v}`) }))} />
        <RuleId id="LAW-10" />
      </div>
      <List<Erasure> key={view} id={`erasures-${view}`} path="/privacy/erasures" query={asks[view]} rowKey={(x) => x.id} columns={columns} empty={empty[view]} />
    </>
  )
}

/** What was removed, by the names of the register. */
function Rows({ of: x }: { of: Erasure }) {
  const t = useWords(w)
  const f = useFormat()
  const register = useGet<PrivacyRegister>('/privacy/register')
  const r = removed(x.rows, register.data?.tables ?? [])
  if (r.sum === 0) return <span className="mute">{t('removedNothing')}</span>
  const part = (title: string, rows: typeof r.gone) => rows.length > 0 && <><h4>{title}</h4><p className="s13 second">{f.list(rows.map((row) => `${row.title} ${f.count(row.n)}`))}</p></>
  return (
    <details className="removed" style={{ minWidth: 200, maxWidth: 420 }}>
      <summary>{t('removedSum', { n: r.sum, kinds: r.gone.length + r.counted.length + r.run.length })}</summary>
      {part(t('removedGone'), r.gone)}
      {part(t('removedStub'), r.counted)}
      {part(t('removedRun'), r.run)}
    </details>
  )
}
