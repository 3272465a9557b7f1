// Home: the six counters, volume over its cost, what was held back and why, what waits for a person, health.
import { Button, Segmented } from 'antd'
import { useState, type ReactNode } from 'react'
import { useLive } from '../../api/live'
import { useAct, useGet, useInvalidateSoon } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Counters, Home as HomeData } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { useSaid } from '../../kit/fail'
import { Icon } from '../../kit/Icon'
import { Page } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { Cost } from './Cost'
import { HealthStrip } from './HealthStrip'
import { HeldToday, Running, Todos } from './panels'
import { w } from './words'
import './home.css'

export function Home() {
  const t = useWords(w)
  const f = useFormat()
  const go = useGo()
  const can = useCan()
  const me = useMe()
  const said = useSaid()
  const url = useUrl()
  const soon = useInvalidateSoon(2000)
  const scope = url.one('scope') || 'all'
  const days = url.one('days') === '7' ? 7 : 30
  const query = { scope, days }
  const home = useGet<HomeData>('/home', query, { every: 300_000, keep: true })
  useLive('counters', () => soon('/home'))
  useLive('health', () => soon('/home'))
  useLive('broadcast', () => soon('/home'))
  const sync = useAct({ method: 'POST', path: '/sync', touches: ['/sync', '/home'], done: () => { said(t('syncing')); go('/settings/sync') } })
  return (
    <Page
      title={t('title')} meta={home.data && t('asOf', { time: f.moment(home.data.as_of) })}
      actions={<>
        {me.scope !== 'own' && <Segmented value={scope} onChange={(value) => url.set({ scope: value === 'all' ? undefined : value })} options={[{ value: 'all', label: t('scopeAll') }, { value: 'mine', label: t('scopeMine') }]} />}
        {can('sync.write') && <Button onClick={() => sync.mutate()} loading={sync.isPending}>{t('sync')}</Button>}
        {can('broadcast.write') && <Button type="primary" icon={<Icon name="plus" />} onClick={() => go('/broadcasts/new/edit')}>{t('newBroadcast')}</Button>}
      </>}
    >
      <Ready query={home} rows={10}>
        {(data) => (
          <>
            <Figures key={scope} counters={data.counters} />
            <div className="home2"><Cost trend={data.trend} days={days} onDays={(n) => url.set({ days: n === 30 ? undefined : String(n) }, { replace: true })} /><HeldToday held={data.held_today} counters={data.counters} /></div>
            <div className="home3"><Todos todo={data.todo} /><Running running={data.running} /></div>
            <HealthStrip health={data.health} />
          </>
        )}
      </Ready>
    </Page>
  )
}

/** The figures wash for a moment when they change, not when they first appear. */
function Figures({ counters: c }: { counters: Counters }) {
  const text = JSON.stringify(c)
  const [shown, setShown] = useState({ text, times: 0 })
  if (shown.text !== text) setShown({ text, times: shown.times + 1 })
  const fresh = shown.times
  const t = useWords(w)
  const f = useFormat()
  const than = (delta: number) => (delta === 0 ? t.rich('even') : t.rich('vsSame', { d: f.change(delta) }))
  const today = f.isoDay(new Date(corpNow()))
  const parts = c.added.parts.filter((p) => p.value > 0).slice(0, 3).map((p) => {
    const key = `part_${p.key}`
    return `${f.lang === 'zh' && p.label ? p.label : key in w ? t(key as 'part_other') : (p.label ?? p.key)} ${p.value}`
  })
  return (
    <dl className={`panel kps ${fresh ? 'fresh' : ''}`} key={fresh} aria-live="polite">
      <Figure name={t('customers')} to="/customers" value={f.count(c.customers.value)} title={f.exact(c.customers.value)} vs={t.rich('vs', { d: f.change(c.customers.delta) })} note={t('customersNote', { n: c.persons })} />
      <Figure name={t('added')} to={`/customers?added_from=${today}&added_to=${today}`} value={f.count(c.added.value)} vs={than(c.added.delta)} note={parts.length > 0 ? parts.join(f.lang === 'zh' ? '，' : ', ') : t('addedNone')} />
      <Figure name={t('lost')} to="/losses" hint={t('lostAll')} tone={c.lost.value > 0 ? 'harm' : ''} value={f.count(c.lost.value)} vs={than(c.lost.delta)} note={t('lostNote', { a: c.lost.by_customer, b: c.lost.by_staff })} />
      <Figure name={t('reply')} value={!c.first_reply_seconds.known ? '—' : <Duration seconds={c.first_reply_seconds.value} />} vs={t.rich('vs', { d: c.first_reply_seconds.known ? f.faster(c.first_reply_seconds.delta) : '—' })} note={t('replyNote', { n: c.first_reply_seconds.sessions })} />
      <Figure name={t('delivered')} to={`/touches?state=delivered&from=${today}&to=${today}`} value={f.count(c.delivered.value)} vs={than(c.delivered.delta)} note={t('deliveredNote', { n: c.delivered.persons ?? 0 })} />
      <Figure name={t('held')} to="/held" tone={c.held.value > 0 ? 'held' : ''} value={f.count(c.held.value)} vs={than(c.held.delta)} note={t('heldNote', { a: c.held.deferred, b: c.held.refused })} />
    </dl>
  )
}

/** A counter; the one that can be looked into leads to its rows, of today or, for losses, of the week. */
function Figure({ name, value, title, vs, note, tone = '', to, hint }: { name: string; value: ReactNode; title?: string; vs: ReactNode; note: string; tone?: string; to?: string; hint?: string }) {
  return <div className="kp"><dt>{name}</dt><dd className={`figure ${tone}`} title={title}>{to ? <A to={to} title={hint} aria-label={hint ? `${name}: ${hint}` : name}>{value}</A> : value}</dd><dd><p>{vs}</p><p className="mute cut" title={note}>{note}</p></dd></div>
}

function Duration({ seconds }: { seconds: number }) {
  const { durationParts } = useFormat()
  return durationParts(seconds).map(([figure, unit]) => <span key={unit}>{figure}<small>{unit}</small></span>)
}
