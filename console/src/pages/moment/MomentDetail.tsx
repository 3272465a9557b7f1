// One Moment after it was submitted: who published it, what became of each customer, who reacted.
import { useParams } from '@tanstack/react-router'
import { Button, Tabs } from 'antd'
import { useLive } from '../../api/live'
import { useAct, useGet, useInvalidateSoon } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Moment, MomentEcho, MomentTask, Page as PageOf } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { useSaid } from '../../kit/fail'
import { State, type Tone } from '../../kit/marks'
import { Page, Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Empty, Ready } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { Effect } from '../effect/Effect'
import { MomentPhone } from './MomentPhone'
import { MomentStateTag } from './MomentStateTag'
import { w as kit } from '../../kit/words'
import { w } from './words'
import '../broadcast/broadcast.css'

export function MomentDetail() {
  const { id = '' } = useParams({ strict: false })
  const t = useWords(w)
  const path = `/moments/${encodeURIComponent(id)}`
  const found = useGet<Moment>(path)
  const soon = useInvalidateSoon()
  useLive('moment', () => soon('/moments'))
  if (found.data) return <Shown m={found.data} path={path} />
  return <Page title={t('title')} crumbs={[{ text: t('title'), to: '/moments' }]}><section className="panel"><Ready query={found} head>{() => null}</Ready></section></Page>
}

function Shown({ m, path }: { m: Moment; path: string }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const go = useGo()
  const url = useUrl()
  const ask = useReach()
  const said = useSaid()
  const actor = useActor()
  const may = useCan()('moment.write')
  const touches = ['/moments']
  const remind = useAct<{ reminded: number }>({ method: 'POST', path: `${path}/remind`, touches, got: (r) => said(t('reminded', { n: r.reminded })) })
  const cancel = useAct({ method: 'POST', path: `${path}/cancel`, touches, done: () => said(t('cancelSaid')) })
  const remove = useAct({ method: 'DELETE', path, touches, done: () => go('/moments') })
  const waiting = m.tasks.staff - m.tasks.published
  const running = m.state === 'scheduled' || m.state === 'preparing' || m.state === 'making' || m.state === 'open'
  const at = m.opens_at ?? m.publish_at
  const meta = [m.assessments.length > 0 && k('assessedBy', { numbers: m.assessments.join(' ') }), m.submitted_at && t('submittedAt', { time: f.moment(m.submitted_at) }), actor(m.created_by.name), at && t('opensOn', { time: f.when(at) }), running && m.closes_at && t('closesOn', { time: f.when(m.closes_at) }), m.topic].filter(Boolean).join(' · ')
  return (
    <Page
      title={m.name} crumbs={[{ text: t('title'), to: '/moments' }]} tags={<MomentStateTag state={m.state} />} meta={meta}
      actions={may && <>
        {(running || m.state === 'review') && <Button onClick={() => cancel.mutate()} loading={cancel.isPending}>{t('cancel')}</Button>}
        {m.state === 'open' && waiting > 0 && <Button type="primary" onClick={() => remind.mutate()} loading={remind.isPending}>{t('remind', { n: waiting })}</Button>}
        {m.state === 'draft' && <><Button onClick={() => ask({ reach: t('removeReach', { name: m.name }), also: t('removeAlso'), button: t('removeDraft'), danger: true, act: () => remove.mutateAsync() })}>{t('removeDraft')}</Button><Button type="primary" onClick={() => go(`${path}/edit`)}>{t('edit')}</Button></>}
      </>}
    >
      <div className="editor2">
        <div className="stack" style={{ minWidth: 0 }}>
          <Review m={m} />
          <Panel title={t('result')} sub={m.tasks.staff > 0 ? t('staffN', { a: m.tasks.published, b: m.tasks.staff }) : undefined}><Results m={m} /></Panel>
          {m.counts.seen > 0 && <Effect campaign={`moment/${m.id}`} />}
          <Tabs
            activeKey={url.one('tab') || 'tasks'} onChange={(tab) => url.set({ tab: tab === 'tasks' ? undefined : tab }, { replace: true })} destroyOnHidden
            items={[{ key: 'tasks', label: t('tasks'), children: <Tasks path={path} /> }, { key: 'echoes', label: t('echoes'), children: <Echoes path={path} /> }]}
          />
        </div>
        <div className="aside"><MomentPhone text={m.text} parts={m.parts} /></div>
      </div>
    </Page>
  )
}

/** Whether a second person has to look, or what they said. Looking is done on the page of reviews. */
function Review({ m }: { m: Moment }) {
  const t = useWords(w)
  const f = useFormat()
  const may = useCan()('review.write')
  const r = m.review
  if (!r || (m.state !== 'review' && !(m.state === 'draft' && r.note))) return null
  if (m.state === 'draft') return <Panel title={t('backTitle')}><p className="s13">{r.note}</p><p className="mute s12" style={{ marginTop: 6 }}>{[r.by?.name, f.moment(r.at)].filter(Boolean).join(' · ')}</p></Panel>
  return (
    <Panel title={t('reviewTitle')}>
      <p className="s13 held">{t(`needs_${r.reason ?? 'size'}`)}</p>
      <p className="s13 second" style={{ marginTop: 6 }}>{r.own ? t('reviewOwn') : may ? <A to="/reviews">{t('reviewSee')}</A> : t('reviewMayNot')}</p>
    </Panel>
  )
}

function Results({ m }: { m: Moment }) {
  const t = useWords(w)
  const f = useFormat()
  const c = m.counts
  const some = ([, n]: [string, number, string]) => n > 0
  const cells: [string, number, string][] = [
    [t('seen'), c.seen, ''], [t('held'), c.held, c.held > 0 ? 'held' : 'mute'], [t('waiting'), c.waiting, c.waiting > 0 ? 'warn' : 'mute'], [t('matched'), c.matched, ''], [t('like'), m.likes, m.likes > 0 ? '' : 'mute'], [t('comment'), m.comments, m.comments > 0 ? '' : 'mute'],
    ...([[t('unplanned'), c.unplanned, ''], [t('unpublished'), c.unpublished, ''], [t('notShown'), c.not_shown, ''], [t('notFriend'), c.not_friend, ''], [t('stopped'), c.cancelled, ''], [t('late'), c.late, 'harm'], [t('notMade'), c.failed, 'bad']] as [string, number, string][]).filter(some),
  ]
  const of = Math.max(1, c.seen + c.held + c.waiting)
  return (
    <>
      {m.error && <p className="bad s13" style={{ marginBottom: 8 }}>{m.error}</p>}
      <dl className="results">{cells.map(([name, n, tone]) => <div key={name}><dt>{name}</dt><dd className={tone} title={f.exact(n)}>{f.count(n)}</dd></div>)}</dl>
      <div className="share" style={{ marginTop: 14, marginBottom: 0 }} aria-hidden="true">
        {c.seen > 0 && <i style={{ flex: c.seen / of, background: 'var(--pine)' }} />}{c.held > 0 && <i className="hatch" style={{ flex: c.held / of }} />}{c.waiting > 0 && <i style={{ flex: c.waiting / of, background: 'var(--line)' }} />}
      </div>
    </>
  )
}

function Tasks({ path }: { path: string }) {
  const t = useWords(w)
  const f = useFormat()
  const found = useGet<PageOf<MomentTask>>(`${path}/tasks`)
  const tone: Record<MomentTask['state'], Tone> = { open: 'warn', published: 'ok', cancelled: 'plain' }
  return (
    <Panel>
      <Ready query={found}>{(page) => (page.items.length === 0 ? <Empty title={t('noTasks')} text={t('noTasksText')} /> : (
        <table className="plain-table">
          <thead><tr><th>{t('member')}</th><th>{t('state')}</th><th className="right">{t('customers')}</th><th className="right">{t('publishedAt')}</th><th className="right">{t('remindedCol')}</th></tr></thead>
          <tbody>{page.items.map((x) => <tr key={x.staff.id}><td>{x.staff.name}</td><td><State tone={tone[x.state]}>{t(`t_${x.state}`)}</State></td><td className="right">{f.count(x.seen)} / {f.count(x.customers)}</td><td className="right nowrap">{f.moment(x.published_at)}</td><td className="right">{x.reminded || '—'}</td></tr>)}</tbody>
        </table>
      ))}</Ready>
    </Panel>
  )
}

function Echoes({ path }: { path: string }) {
  const t = useWords(w)
  const f = useFormat()
  const found = useGet<PageOf<MomentEcho>>(`${path}/echoes`)
  return (
    <Panel>
      <Ready query={found}>{(page) => (page.items.length === 0 ? <Empty title={t('noEchoes')} text={t('echoNote')} /> : (
        <>
          <p className="mute s12" style={{ marginBottom: 6 }}>{t('echoNote')}</p>
          <table className="plain-table">
            <thead><tr><th>{t('echoWho')}</th><th>{t('echoKind')}</th><th>{t('echoUnder')}</th><th className="right">{t('echoAt')}</th></tr></thead>
            <tbody>{page.items.map((e) => <tr key={`${e.kind}${e.person.id}${e.at}${e.under.id}`}><td>{e.by_staff ? <>{e.person.name} <span className="mute s12">{t('byStaff')}</span></> : <A to={`/customers/${encodeURIComponent(e.person.id)}`}>{e.person.name || e.person.id}</A>}</td><td>{t(e.kind)}</td><td>{e.under.name}</td><td className="right nowrap">{f.moment(e.at)}</td></tr>)}</tbody>
          </table>
        </>
      ))}</Ready>
    </Panel>
  )
}
