// One mass message after it was submitted: what became of each customer and each member of staff, at what cost.
import { useParams } from '@tanstack/react-router'
import { Button, Input, Modal, Tabs } from 'antd'
import { useState } from 'react'
import { useLive } from '../../api/live'
import { useAct, useGet, useInvalidateSoon } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Attachment, Broadcast, BroadcastRevised, BroadcastTask, Plan, Receiver, ReceiverState } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { Assessed } from '../../kit/Assessed'
import { A, useGo } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { ofMessage, type Fault } from '../../kit/atField'
import { useFail, useSaid } from '../../kit/fail'
import { MessageEditor } from '../../kit/MessageEditor'
import { List, type Column } from '../../kit/List'
import { HeldMark, RuleId, State, type Tone } from '../../kit/marks'
import { useStaffOptions } from '../../kit/options'
import { Page, Panel } from '../../kit/Page'
import { PhonePreview } from '../../kit/Phone'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { w as kit } from '../../kit/words'
import { Effect } from '../effect/Effect'
import { BroadcastStateTag } from './BroadcastStateTag'
import { closed, room } from './closing'
import { w } from './words'
import './broadcast.css'

export function BroadcastDetail() {
  const { id = '' } = useParams({ strict: false })
  const t = useWords(w)
  const soon = useInvalidateSoon()
  const path = `/broadcasts/${encodeURIComponent(id)}`
  const found = useGet<Broadcast>(path)
  useLive('broadcast', (e) => { if (e.id === id) soon(path) })
  if (found.data) return <Shown b={found.data} path={path} />
  return <Page title={t('title')} crumbs={[{ text: t('title'), to: '/broadcasts' }]}><section className="panel"><Ready query={found} head>{() => null}</Ready></section></Page>
}

function Shown({ b, path }: { b: Broadcast; path: string }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const go = useGo()
  const url = useUrl()
  const ask = useReach()
  const said = useSaid()
  const actor = useActor()
  const may = useCan()('broadcast.write')
  const touches = ['/broadcasts', '/home']
  const remind = useAct({ method: 'POST', path: `${path}/remind`, touches, done: () => said(t('reminded')) })
  const cancel = useAct({ method: 'POST', path: `${path}/cancel`, touches, done: () => said(t('cancelled')) })
  const remove = useAct({ method: 'DELETE', path, touches, done: () => go('/broadcasts') })
  const [revising, setRevising] = useState(false)
  const waiting = b.tasks.staff - b.tasks.confirmed
  const running = b.state === 'planned' || b.state === 'creating' || b.state === 'open'
  const meta = [b.assessments.length > 0 && k('assessedBy', { numbers: b.assessments.join(' ') }), b.submitted_at && t('submittedAt', { time: f.moment(b.submitted_at) }), actor(b.created_by.name), running && b.closes_at && t('closes', { time: f.when(b.closes_at) }), b.reminded > 0 && t('remindedN', { n: b.reminded }), b.revised_at && t('revisedAt', { time: f.moment(b.revised_at), n: b.revision })].filter(Boolean).join(' · ')
  return (
    <Page
      title={b.name} crumbs={[{ text: t('title'), to: '/broadcasts' }]} tags={<BroadcastStateTag state={b.state} />} meta={meta}
      actions={may && <>
        {(running || b.state === 'review') && <Button onClick={() => cancel.mutate()} loading={cancel.isPending}>{t('cancel')}</Button>}
        {b.state === 'open' && waiting > 0 && <Button type="primary" onClick={() => remind.mutate()} loading={remind.isPending}>{t('remind', { n: waiting })}</Button>}
        {b.state !== 'draft' && <Button onClick={() => go(`/broadcasts/new/edit?from=${encodeURIComponent(b.id)}`)}>{t('copy')}</Button>}
        {b.revisable && <Button onClick={() => setRevising(true)}>{t('revise')}</Button>}
        {b.state === 'draft' && <><Button onClick={() => ask({ reach: t('removeReach', { name: b.name }), also: t('removeAlso'), button: t('remove'), danger: true, act: () => remove.mutateAsync() })}>{t('remove')}</Button><Button type="primary" onClick={() => go(`${path}/edit`)}>{t('edit')}</Button></>}
      </>}
    >
      <div className="editor2">
        <div className="stack" style={{ minWidth: 0 }}>
          {b.review && (b.state === 'review' || b.state === 'draft') && <Review b={b} path={path} />}
          {b.state !== 'review' && <Panel title={t('result')} sub={b.tasks.staff > 0 ? t('staffN', { a: b.tasks.confirmed, b: b.tasks.staff }) : undefined}><Results b={b} /></Panel>}
          {b.kind !== 'group' && b.counts.sent > 0 && <Effect campaign={`broadcast/${b.id}`} />}
          <Tabs
            activeKey={url.one('tab') || 'receivers'} onChange={(tab) => url.set({ tab: tab === 'receivers' ? undefined : tab, state: undefined, staff: undefined, after: undefined }, { replace: true })} destroyOnHidden
            items={[{ key: 'receivers', label: t(b.kind === 'group' ? 'receiverGroups' : 'receivers'), children: <Receivers path={path} groups={b.kind === 'group'} /> }, { key: 'tasks', label: t('tasks'), children: <Tasks path={path} groups={b.kind === 'group'} /> }]}
          />
        </div>
        <div className="aside"><PhonePreview text={closed(b.text, b.closing)} attachments={b.attachments ?? []} note={b.kind === 'group' ? t('noNickGroups') : undefined} /></div>
      </div>
      {revising && <Revise b={b} path={path} close={() => setRevising(false)} />}
    </Page>
  )
}

/** A second person looks: who asks, why it needs them, whom it would reach now; then one of two verbs. */
function Review({ b, path }: { b: Broadcast; path: string }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const ask = useReach()
  const said = useSaid()
  const me = useMe()
  const may = useCan()('broadcast.approve') && me.scope === 'all'
  const [giving, setGiving] = useState(false)
  const [note, setNote] = useState('')
  const waits = b.state === 'review'
  const plan = useGet<Plan>(waits ? `${path}/plan` : null)
  const touches = ['/broadcasts', '/home']
  const approve = useAct({ method: 'POST', path: `${path}/approve`, body: () => ({ expect_reachable: plan.data?.reachable ?? 0 }), touches, done: () => said(t('approved')) })
  const back = useAct({ method: 'POST', path: `${path}/return`, body: () => ({ note }), touches, done: () => { setGiving(false); said(t('gaveBack')) } })
  const r = b.review
  if (!r) return null
  if (!waits) return r.note ? <Panel title={t('backTitle')}><p className="s13">{r.note}</p><p className="mute s12" style={{ marginTop: 6 }}>{[r.by?.name, f.moment(r.at)].filter(Boolean).join(' · ')}</p></Panel> : null
  const p = plan.data
  return (
    <Panel title={t('reviewTitle')} sub={t(r.reason === 'words' ? 'needsWords' : r.reason === 'ladder' ? 'needsLadder' : r.reason === 'assessment' ? 'needsAssessment' : 'needsSize')}>
      <p className="s13">{t('reviewBy', { name: r.submitted_by.name })}{b.benefit && <> {t('reviewBenefit', { text: b.benefit })}</>}</p>
      {p?.assessed && <p className="s13" style={{ marginTop: 6 }}><Assessed of={p.assessed} /></p>}
      {p && <p className="s13" style={{ marginTop: 6 }}>{t.rich(b.kind === 'group' ? 'reviewGroups' : 'reviewReach', { n: p.reachable, held: p.held, people: p.people ?? 0 })}</p>}
      {p && p.check.findings.length > 0 && <ul className="s13" style={{ marginTop: 6 }}>{p.check.findings.map((x, i) => <li key={i}><HeldMark>{x.text ? `“${x.text}” ` : ''}{x.reason}</HeldMark> <RuleId id={x.rule_id} /></li>)}</ul>}
      <div className="row" style={{ marginTop: 14 }}>
        {r.own ? <span className="second s13">{t('reviewOwn')}</span> : !may ? <span className="second s13">{t('reviewMayNot')}</span> : <>
          <Button onClick={() => setGiving(true)}>{t('giveBack')}</Button>
          <Button type="primary" disabled={!p} loading={approve.isPending} onClick={() => ask({ reach: t(b.kind === 'group' ? 'approveGroupsReach' : 'approveReach', { n: p?.reachable ?? 0 }), also: t('approveAlso'), button: t(b.kind === 'group' ? 'approveGroups' : 'approve', { n: p?.reachable ?? 0 }), act: () => approve.mutateAsync() })}>{t(b.kind === 'group' ? 'approveGroups' : 'approve', { n: p?.reachable ?? 0 })}</Button>
        </>}
      </div>
      <Modal open={giving} title={t('giveBack')} onCancel={() => setGiving(false)} okText={t('giveBack')} cancelText={k('cancel')} okButtonProps={{ disabled: note.trim().length < 2 }} confirmLoading={back.isPending} onOk={() => back.mutate()}>
        <p style={{ marginBottom: 8 }}>{t('giveBackText')}</p>
        <Input.TextArea rows={3} maxLength={200} value={note} onChange={(e) => setNote(e.target.value)} aria-label={t('giveBack')} />
      </Modal>
    </Panel>
  )
}

/** The words of one that runs: open tasks are taken back and made again for those who have not received it. */
function Revise({ b, path, close }: { b: Broadcast; path: string; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const fail = useFail()
  const [text, setText] = useState(b.text)
  const [attachments, setAttachments] = useState<Attachment[]>(b.attachments ?? [])
  const [faults, setFaults] = useState<Fault[]>([])
  const waiting = b.tasks.staff - b.tasks.confirmed
  const act = useAct<BroadcastRevised>({
    method: 'POST', path: `${path}/revise`, body: () => ({ text, attachments }), touches: ['/broadcasts'],
    got: (x) => { said(t(x.again + x.ended > 0 ? 'revisedN' : 'revisedEarly', { again: x.again, ended: x.ended })); close() },
    failed: (error) => { if (ofMessage(error)) setFaults(error.fields); else fail(error) },
  })
  return (
    <Modal open title={t('revise')} width={640} onCancel={close} cancelText={k('cancel')} okText={waiting > 0 && b.state === 'open' ? t('reviseN', { n: waiting }) : t('revise')} confirmLoading={act.isPending} okButtonProps={{ disabled: text.trim() === '' && attachments.length === 0 }} onOk={() => act.mutate()}>
      <p className="s13 second" style={{ marginBottom: 10 }}>{t(b.state === 'open' ? 'reviseOpen' : 'revisePlanned')}</p>
      <MessageEditor text={text} onText={(x) => { setText(x); setFaults([]) }} attachments={attachments} onAttachments={(x) => { setAttachments(x); setFaults([]) }} limit={room(4000, b.closing)} maxAttachments={9} faults={faults} library />
    </Modal>
  )
}

function Results({ b }: { b: Broadcast }) {
  const t = useWords(w)
  const f = useFormat()
  const c = b.counts
  const cells: [string, number, string][] = [
    [t('c_sent'), c.sent, ''], [t('c_held'), c.held, c.held > 0 ? 'held' : 'mute'], [t('c_waiting'), c.waiting, c.waiting > 0 ? 'warn' : 'mute'], [t('c_matched'), c.matched, ''],
    ...([[t('c_unconfirmed'), c.unconfirmed, ''], [t('c_cancelled'), c.cancelled, ''], [t('c_not_friend'), c.not_friend, ''], [t('c_over_limit'), c.over_limit, ''], [t('c_late'), c.late, 'harm'], [t('c_failed'), c.failed, 'bad']] as [string, number, string][]).filter(([, n]) => n > 0),
  ]
  const groups = b.kind === 'group'
  const harm = b.harm.optouts + b.harm.deletions
  const of = Math.max(1, c.sent + c.held + c.waiting)
  return (
    <>
      <dl className="results">{cells.map(([name, n, tone]) => <div key={name}><dt>{name}</dt><dd className={tone} title={f.exact(n)}>{f.count(n)}</dd></div>)}</dl>
      <div className="share" style={{ marginTop: 14 }} aria-hidden="true">
        {c.sent > 0 && <i style={{ flex: c.sent / of, background: 'var(--pine)' }} />}{c.held > 0 && <i className="hatch" style={{ flex: c.held / of }} />}{c.waiting > 0 && <i style={{ flex: c.waiting / of, background: 'var(--line)' }} />}
      </div>
      {groups ? <p className="s13 mute">{t('costGroups')}</p> : <p className="s13">{harm > 0 ? <span className="harm">{t('costN', { a: b.harm.optouts, b: b.harm.deletions, rate: f.perMille(harm, c.sent) })}</span> : <span className="mute">{t('costZero')}</span>}</p>}
    </>
  )
}

const tones: Record<ReceiverState, Tone> = { matched: 'plain', unconfirmed: 'plain', failed: 'bad', reserved: 'plain', tasked: 'warn', delivered: 'ok', held: 'held', not_friend: 'plain', over_limit: 'plain', cancelled: 'plain', late: 'harm' }

function Receivers({ path, groups }: { path: string; groups: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const columns: Column<Receiver>[] = [
    groups ? { key: 'chat', title: t('chat'), render: (r) => r.chat && <div><A to={`/groupchats/${encodeURIComponent(r.chat.id)}`}>{r.chat.name || t('noChatName')}</A><div className="mute s12">{t('chatMembers', { n: r.chat.members })}</div></div> }
      : { key: 'customer', title: t('customer'), render: (r) => r.customer && <A to={`/customers/${encodeURIComponent(r.customer.id)}`}>{r.customer.name}</A> },
    { key: 'state', title: t('outcome'), render: (r) => <div><State tone={tones[r.state]}>{t(`rs_${r.state}`)}</State>{r.reason && <div className="s12 second held-why"><HeldMark>{r.reason}</HeldMark> <RuleId id={r.rule_id} />{r.next_at && <span className="mute nowrap">{t('nextAt', { time: f.moment(r.next_at) })}</span>}</div>}</div> },
    { key: 'staff', title: t(groups ? 'owner' : 'staff'), render: (r) => r.staff.name },
    { key: 'at', title: t('at'), num: true, render: (r) => <span className="nowrap">{f.moment(r.sent_at)}</span> },
    { key: 'why', title: '', num: true, render: (r) => (r.touch_id ? <A className="nowrap" to={`/touches/${encodeURIComponent(r.touch_id)}`}>{t('why')}</A> : null) },
  ]
  const states = Object.keys(tones) as ReceiverState[]
  return (
    <List<Receiver>
      id="receivers" path={`${path}/receivers`} rowKey={(r) => r.touch_id || `${r.customer?.id ?? r.chat?.id}${r.staff.id}`} columns={columns}
      filters={[{ kind: 'one', key: 'state', label: t('outcome'), options: states.map((s) => ({ value: s, label: t(`rs_${s}`) })) }, { kind: 'one', key: 'staff', label: t('staff'), options: useStaffOptions() }]}
      empty={{ title: t('noReceivers'), text: t(groups ? 'noReceiverGroupsText' : 'noReceiversText') }}
    />
  )
}

function Tasks({ path, groups }: { path: string; groups: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const tone: Record<BroadcastTask['state'], Tone> = { creating: 'plain', waiting: 'warn', confirmed: 'ok', cancelled: 'plain', failed: 'bad' }
  const columns: Column<BroadcastTask>[] = [
    { key: 'staff', title: t(groups ? 'owner' : 'staff'), render: (x) => x.staff.name },
    { key: 'state', title: t('state'), render: (x) => <span className="row"><State tone={tone[x.state]}>{t(`ts_${x.state}`)}</State>{x.error && <span className="bad s12">{x.error}</span>}</span> },
    { key: 'customers', title: t(groups ? 'groups' : 'customers'), num: true, render: (x) => f.count(x.customers) },
    { key: 'at', title: t('at'), num: true, render: (x) => <span className="nowrap">{f.moment(x.confirmed_at)}</span> },
    { key: 'reminded', title: t('remindedCol'), num: true, render: (x) => x.reminded || '—' },
  ]
  return <List<BroadcastTask> id="tasks" path={`${path}/tasks`} rowKey={(x) => x.id} columns={columns} empty={{ title: t('noTasks') }} />
}
