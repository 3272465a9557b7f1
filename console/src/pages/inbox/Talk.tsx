// One conversation: where it stands, every line with its reason, and the composer.
import { Button, Select, Modal } from 'antd'
import { useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react'
import { useAct, useGet, useInvalidate } from '../../api/queries'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { call, type ApiError } from '../../api/client'
import { useLive } from '../../api/live'
import { useCan, useMe } from '../../api/session'
import type { KfAccount, Message, Page as Rows, Session, SessionDetail, SessionState } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { w as kit } from '../../kit/words'
import { Failed, Skeleton } from '../../kit/states'
import { Composer } from './Composer'
import { Line } from './Line'
import { w } from './words'

const order: SessionState[] = ['bot', 'waiting', 'human', 'ended']

export function Talk({ id, row, account, accounts }: { id: string; row?: Session; account?: KfAccount; accounts: KfAccount[] }) {
  const t = useWords(w)
  const k = useWords(kit)
  const me = useMe()
  const may = useCan()('kf.write')
  const invalidate = useInvalidate()
  const path = `/kf/sessions/${encodeURIComponent(id)}`
  const detail = useGet<SessionDetail>(path)
  const s: Session | SessionDetail | undefined = detail.data ?? row
  const own = account ?? accounts.find((a) => a.id === s?.account.id)
  const messages = useMessages(path)
  useLive('session', (e) => { if (e.id === id) messages.newer() })
  const touches = ['/kf/sessions', '/home']
  const take = useAct({ method: 'POST', path: `${path}/take`, touches })
  const release = useAct({ method: 'POST', path: `${path}/release`, touches })
  const end = useAct({ method: 'POST', path: `${path}/end`, touches })
  const [moving, setMoving] = useState(false)
  const [to, setTo] = useState<string>()
  const transfer = useAct({ method: 'POST', path: `${path}/transfer`, body: () => ({ staff_id: to }), touches, done: () => setMoving(false) })
  const mine = s?.state === 'human' && (!s.agent || s.agent.id === me.staff_id || me.staff_id === undefined)
  const wecom = own?.desk === 'wecom' || s?.wecom_state === 2 || s?.wecom_state === 3

  const press = useEffectEvent((e: KeyboardEvent) => {
    if (!may || wecom || e.ctrlKey || e.metaKey || e.altKey || (e.target as HTMLElement).closest('input,textarea,select,[contenteditable],[role=dialog]')) return
    if (e.key === 'e' && s?.state === 'human') end.mutate()
    if (e.key === 't' && s && s.state !== 'ended') setMoving(true)
  })
  useEffect(() => {
    const listen = (e: KeyboardEvent) => press(e)
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])

  if (detail.error && !s) return <section className="talk-pane"><Failed error={detail.error} retry={() => void detail.refetch()} /></section>
  if (!s) return <section className="talk-pane"><Skeleton rows={8} /></section>
  const servicers = (own?.servicers ?? []).filter((x) => x.id !== s.agent?.id)
  return (
    <section className="talk-pane" aria-label={s.customer.name}>
      <header>
        <div className="row" style={{ gap: 10 }}>
          <h2 className="cut">{s.customer.name}</h2><span className="mute s13 cut">{t('from', { name: s.account.name })}</span>
          <span className="push row">
            {may && !wecom && s.state !== 'human' && s.state !== 'ended' && <Button size="small" type="primary" loading={take.isPending} onClick={() => take.mutate()}>{t('take')}</Button>}
            {may && !wecom && s.state === 'human' && <Button size="small" loading={release.isPending} onClick={() => release.mutate()}>{t('release')}</Button>}
            {may && !wecom && s.state !== 'ended' && <Button size="small" onClick={() => setMoving(true)}>{t('transfer')}</Button>}
            {may && !wecom && s.state === 'human' && <Button size="small" loading={end.isPending} onClick={() => end.mutate()}>{t('end')} <kbd>E</kbd></Button>}
          </span>
        </div>
        <Steps session={s} steps={detail.data?.steps ?? []} />
      </header>
      <Log messages={messages} steps={detail.data?.steps ?? []} customer={s.customer} />
      <Composer key={id} session={s} path={path} readOnly={!may ? 'role' : wecom ? 'wecom' : s.state === 'ended' ? 'ended' : !mine ? 'notMine' : undefined} onSent={() => { messages.newer(); void invalidate('/kf/sessions') }} />
      <Modal open={moving} title={t('transferTo')} onCancel={() => setMoving(false)} okText={t('transferButton')} cancelText={k('cancel')} okButtonProps={{ disabled: !to }} confirmLoading={transfer.isPending} onOk={() => transfer.mutate()} width={380}>
        {servicers.length === 0 ? <p className="mute">{t('noStaff')}</p> : <Select autoFocus style={{ width: '100%' }} value={to} onChange={setTo} options={servicers.map((x) => ({ value: x.id, label: x.name }))} showSearch={{ optionFilterProp: 'label' }} aria-label={t('transferTo')} />}
      </Modal>
    </section>
  )
}

function Steps({ session, steps }: { session: Session; steps: SessionDetail['steps'] }) {
  const t = useWords(w)
  const f = useFormat()
  const current = order.indexOf(session.state)
  return (
    <ol className="state-steps">
      {order.map((state, i) => {
        const step = steps.findLast((x) => x.state === state)
        const cls = i === current ? 'cur' : i < current && step ? 'done' : ''
        return <li key={state} className={cls} aria-current={i === current ? 'step' : undefined}><i />{t(`s_${state}`)}{i === current && state === 'human' && session.agent ? ` ${session.agent.name}` : ''}{step && i <= current ? ` ${f.clock(step.at)}` : ''}</li>
      })}
    </ol>
  )
}

/** The newest messages, with earlier ones put before them on demand. */
function useMessages(path: string) {
  const client = useQueryClient()
  const [older, setOlder] = useState<Message[]>([])
  const [next, setNext] = useState<string>()
  const [busy, setBusy] = useState(false)
  const newest = useQuery<Rows<Message>, ApiError>({ queryKey: [`${path}/messages`, 'newest'], queryFn: ({ signal }) => call('GET', `${path}/messages`, { query: { limit: 50 }, signal }) })
  const cursor = next ?? newest.data?.next ?? ''
  const seen = new Map<string, Message>()
  for (const m of [...older, ...(newest.data?.items ?? [])]) seen.set(m.id, m)
  const all = [...seen.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || 0)
  return {
    all, error: newest.error, loading: newest.isPending, more: cursor !== '', busy,
    newer: () => void client.invalidateQueries({ queryKey: [`${path}/messages`] }), retry: () => void newest.refetch(),
    async earlier() {
      setBusy(true)
      try {
        const page = await call<Rows<Message>>('GET', `${path}/messages`, { query: { limit: 50, before: cursor } })
        setOlder((was) => [...page.items, ...was])
        setNext(page.next)
      } finally { setBusy(false) }
    },
  }
}

function Log({ messages, steps, customer }: { messages: ReturnType<typeof useMessages>; steps: SessionDetail['steps']; customer: Session['customer'] }) {
  const t = useWords(w)
  const f = useFormat()
  const box = useRef<HTMLDivElement>(null)
  const count = messages.all.length
  // New lines scroll into view only for somebody who is reading the end.
  const [away, setAway] = useState(false)
  const atEnd = useRef(true)
  useLayoutEffect(() => {
    const el = box.current
    if (el && atEnd.current) el.scrollTop = el.scrollHeight
    else if (count > 0) setAway(true)
  }, [count])
  const scrolled = () => {
    const el = box.current
    if (!el) return
    atEnd.current = el.scrollHeight - el.scrollTop - el.clientHeight < 40
    if (atEnd.current) setAway(false)
  }
  if (messages.error && count === 0) return <div className="log"><Failed error={messages.error} retry={messages.retry} /></div>
  if (messages.loading) return <div className="log"><Skeleton rows={6} /></div>
  // A change of state is a line in the talk, with its reason.
  const lines = [
    ...messages.all.map((m) => ({ at: Date.parse(m.at), node: <Line key={m.id} message={m} customer={customer} /> })),
    ...steps.slice(1).map((s, i) => ({ at: Date.parse(s.at), node: <div key={`step${i}`} className="sys"><span><b>{t('stepTo', { from: t(`s_${steps[i]?.state ?? 'bot'}`), to: t(`s_${s.state}`) })}</b>　{s.reason}{s.actor && ` · ${s.actor}`}　{f.clock(s.at)}</span></div> })),
  ].sort((a, b) => a.at - b.at)
  return (
    <div className="log" ref={box} onScroll={scrolled} aria-live="polite" tabIndex={0}>
      {messages.more && <p style={{ textAlign: 'center' }}><button type="button" className="linky" disabled={messages.busy} onClick={() => void messages.earlier()}>{t('earlier')}</button></p>}
      {lines.map((l) => l.node)}
      {away && <p style={{ position: 'sticky', bottom: 0, textAlign: 'center' }}><Button size="small" onClick={() => { const el = box.current; if (el) el.scrollTop = el.scrollHeight }}>{t('newMessages')}</Button></p>}
    </div>
  )
}
