// For each new customer: which welcome message went out, or why none did.
import type { WelcomeTrace } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { List, type Column } from '../../kit/List'
import { State } from '../../kit/marks'
import { Page } from '../../kit/Page'
import { w } from './words'

export function WelcomeTraces() {
  const t = useWords(w)
  const f = useFormat()
  const columns: Column<WelcomeTrace>[] = [
    { key: 'at', title: t('at'), render: (x) => <span className="nowrap">{f.moment(x.at)}</span> },
    { key: 'customer', title: t('customer'), render: (x) => <A className="nowrap" to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name}</A> },
    { key: 'outcome', title: t('outcome'), render: (x) => <div><State tone={x.outcome === 'sent' ? 'ok' : x.outcome === 'waiting' ? 'plain' : 'warn'}>{t(`o_${x.outcome}`)}</State>{x.reason && <div className="s12 second" style={{ maxWidth: 420, marginTop: 4, whiteSpace: 'normal' }}>{x.reason.text} <span className="mute">{x.reason.way_out}</span></div>}</div> },
    { key: 'welcome', title: t('welcome'), render: (x) => (x.welcome ? <A to={`/welcomes/${encodeURIComponent(x.welcome.id)}`}>{x.welcome.name}</A> : '—') },
    { key: 'staff', title: t('staff'), render: (x) => x.staff.name },
    { key: 'channel', title: t('channel'), render: (x) => x.channel?.name ?? '—' },
    { key: 'latency', title: t('latency'), num: true, render: (x) => (x.outcome === 'sent' && x.latency_ms !== undefined ? t('secs', { n: (x.latency_ms / 1000).toFixed(1) }) : '—') },
    { key: 'why', title: '', num: true, render: (x) => (x.touch_id ? <A className="nowrap" to={`/touches/${encodeURIComponent(x.touch_id)}`}>{t('why')}</A> : null) },
  ]
  return (
    <Page title={t('tracesTitle')} crumbs={[{ text: t('title'), to: '/welcomes' }]}>
      <List<WelcomeTrace>
        id="welcome-traces" path="/welcomes/traces" rowKey={(x) => x.id} columns={columns}
        filters={[{ kind: 'one', key: 'outcome', label: t('outcome'), options: [{ value: 'sent', label: t('o_sent') }, { value: 'not_sent', label: t('o_not_sent') }, { value: 'waiting', label: t('o_waiting') }] }]}
        empty={{ title: t('noTraces'), text: t('noTracesText') }}
      />
    </Page>
  )
}
