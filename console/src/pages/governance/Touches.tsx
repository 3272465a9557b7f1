// The ledger: every touch, sent or held back, each with its reason one click away.
import { useState } from 'react'
import { useLive } from '../../api/live'
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
    cls: (c: string) => (c === 'marketing' || c === 'lifecycle' || c === 'service' ? t(`c_${c}`) : c),
    channel: (c: string) => (c === 'broadcast' || c === 'welcome' || c === 'kf' ? t(`ch_${c}`) : c),
  }
}

export function Touches() {
  const { t, cls, channel } = useTouchWords()
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
    { kind: 'one', key: 'broadcast', label: t('ch_broadcast'), options: [], drawer: true },
  ]
  const columns: Column<Touch>[] = [
    { key: 'at', title: t('at'), render: (x) => <span className="nowrap">{f.moment(x.at)}</span> },
    { key: 'customer', title: t('customer'), render: (x) => <A className="nowrap" to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name}</A> },
    { key: 'state', title: t('state'), render: (x) => <TouchStateTag touch={x} /> },
    { key: 'text', title: t('text'), render: (x) => <div><div className="cut" style={{ maxWidth: 300 }} title={x.text}>{x.text}</div><span className="s12"><HeldReason touch={x} /></span></div> },
    { key: 'campaign', title: t('campaign'), render: (x) => (x.campaign ? <A className="nowrap" to={`/broadcasts/${encodeURIComponent(x.campaign.id)}`}>{x.campaign.name}</A> : <span className="nowrap">{channel(x.channel)}</span>) },
    { key: 'class', title: t('cls'), render: (x) => cls(x.class) },
    { key: 'staff', title: t('staff'), render: (x) => x.staff?.name ?? '—' },
    { key: 'why', title: '', num: true, render: (x) => <A className="nowrap" to={to(x)}>{t('why')}</A> },
  ]
  return (
    <Page title={t('touches')}>
      <List<Touch>
        id="touches" path="/touches" rowKey={(x) => x.id} columns={columns} filters={filters} opens={to}
        tools={fresh > 0 && <button type="button" className="linky row" onClick={() => { setFresh(0); void invalidate('/touches') }}><Icon name="again" size={14} />{t('newRows', { n: fresh })}</button>}
        empty={{ title: t('none'), text: t('noneText') }}
      />
    </Page>
  )
}
