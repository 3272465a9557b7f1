// The ledger: every touch, sent or held back, each with its reason one click away.
import { useState } from 'react'
import { useLive } from '../../api/live'
import type { Query } from '../../api/client'
import { useInvalidate } from '../../api/queries'
import type { Touch, TouchState } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { List, type Column, type Filter } from '../../kit/List'
import { useStaffOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { HeldReason, TouchStateTag } from './TouchTable'
import { w } from './words'
import './governance.css'

const states: TouchState[] = ['held', 'reserved', 'tasked', 'delivered', 'committed', 'released']
const stateWord = (s: TouchState) => `s_${s}` as const

export function useTouchWords() {
  const t = useWords(w)
  return {
    t,
    cls: (c: Touch['class']) => t(`c_${c}`),
    channel: (c: Touch['channel']) => t(`ch_${c}`),
    /** Where what asked for it can be seen; the campaign's id says which kind it is of. */
    cause: (x: Touch) => (x.kind === 'broadcast' && x.campaign ? `/broadcasts/${encodeURIComponent(x.campaign.id)}` : x.kind === 'welcome' && x.campaign ? `/welcomes/${encodeURIComponent(x.campaign.id)}` : undefined),
  }
}

export function Touches() {
  const { t, cls, channel, cause } = useTouchWords()
  const f = useFormat()
  const invalidate = useInvalidate()
  const [fresh, setFresh] = useState(0)
  useLive('touch', () => setFresh((n) => n + 1))
  const to = (x: Touch) => `/touches/${encodeURIComponent(x.id)}`
  const filters: Filter[] = [
    { kind: 'one', key: 'state', label: t('state'), options: states.filter((s) => s !== 'committed').map((s) => ({ value: s, label: t(stateWord(s)) })) },
    { kind: 'one', key: 'class', label: t('cls'), options: (['marketing', 'lifecycle', 'service'] as const).map((c) => ({ value: c, label: t(`c_${c}`) })) },
    { kind: 'one', key: 'staff', label: t('staff'), options: useStaffOptions() },
    { kind: 'range', key: 'day', label: t('day'), from: 'from', to: 'to' },
    { kind: 'one', key: 'rule', label: t('rule'), options: [], drawer: true },
    { kind: 'one', key: 'customer', label: t('customer'), options: [], drawer: true },
    { kind: 'one', key: 'campaign', label: t('campaign'), options: [], drawer: true },
    { kind: 'one', key: 'broadcast', label: t('ch_mass_customer'), options: [], drawer: true },
  ]
  const columns: Column<Touch>[] = [
    { key: 'at', title: t('at'), render: (x) => <span className="nowrap">{f.moment(x.at)}</span> },
    { key: 'customer', title: t('customer'), render: (x) => (x.customer ? <A className="nowrap" to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name}</A> : '—') },
    { key: 'state', title: t('state'), render: (x) => <TouchStateTag touch={x} /> },
    { key: 'text', title: t('text'), render: (x) => <div><div className="cut" style={{ maxWidth: 300 }} title={x.text}>{x.text}</div><span className="s12"><HeldReason touch={x} /></span></div> },
    { key: 'campaign', title: t('campaign'), render: (x) => { const to = cause(x); const name = x.campaign?.name || channel(x.channel); return to ? <A className="nowrap" to={to}>{name}</A> : <span className="nowrap">{name}</span> } },
    { key: 'class', title: t('cls'), render: (x) => cls(x.class) },
    { key: 'staff', title: t('staff'), render: (x) => x.staff?.name ?? '—' },
    { key: 'why', title: '', num: true, render: (x) => <A className="nowrap" to={to(x)}>{t('why')}</A> },
  ]
  /** The link says days of the corp; the API wants instants, the last exclusive. What is booked was delivered. */
  const range = (q: Query): Query => ({ ...q, state: q.state === 'delivered' ? 'delivered,committed' : q.state, from: typeof q.from === 'string' ? f.dayStart(q.from) : undefined, to: typeof q.to === 'string' ? f.dayStart(q.to, 1) : undefined })
  return (
    <Page title={t('touches')}>
      <List<Touch>
        id="touches" path="/touches" request={range} rowKey={(x) => x.id} columns={columns} filters={filters} opens={to}
        tools={fresh > 0 && <button type="button" className="linky row" onClick={() => { setFresh(0); void invalidate('/touches') }}><Icon name="again" size={14} />{t('newRows', { n: fresh })}</button>}
        empty={{ title: t('none'), text: t('noneText') }}
      />
    </Page>
  )
}
