import { Button } from 'antd'
import { useState } from 'react'
import { useLive } from '../../api/live'
import { useInvalidateSoon } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Broadcast, BroadcastState } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { useActor } from '../../kit/actor'
import { List, type Column } from '../../kit/List'
import { Harm, HeldCount } from '../../kit/marks'
import { Page } from '../../kit/Page'
import { BroadcastStateTag } from './BroadcastStateTag'
import { w as stateWords } from './statewords/words'
import { w } from './words'

const states: BroadcastState[] = ['draft', 'review', 'planned', 'open', 'done', 'cancelled', 'failed']

export function BroadcastList() {
  const t = useWords(w)
  const s = useWords(stateWords)
  const f = useFormat()
  const go = useGo()
  const can = useCan()
  const soon = useInvalidateSoon()
  const actor = useActor()
  const [total, setTotal] = useState<number>()
  useLive('broadcast', () => soon('/broadcasts'))
  const to = (b: Broadcast) => `/broadcasts/${encodeURIComponent(b.id)}${b.state === 'draft' ? '/edit' : ''}`
  const create = can('broadcast.write') && <Button type="primary" icon={<Icon name="plus" />} onClick={() => go('/broadcasts/new/edit')}>{t('create')}</Button>
  const started = (b: Broadcast) => b.state !== 'draft'
  const columns: Column<Broadcast>[] = [
    { key: 'name', title: t('name'), render: (b) => <div><A to={to(b)}>{b.name}</A><div className="mute s12 cut" style={{ maxWidth: 300 }}>{b.text.split('\n')[0]}</div></div> },
    { key: 'kind', title: t('to'), render: (b) => <span className="nowrap">{t(b.kind === 'group' ? 'toGroups' : 'toCustomers')}</span> },
    { key: 'state', title: t('state'), render: (b) => <BroadcastStateTag state={b.state} /> },
    { key: 'matched', title: t('planned'), num: true, render: (b) => (started(b) ? f.count(b.counts.matched) : '—') },
    { key: 'sent', title: t('sent'), num: true, render: (b) => (started(b) ? f.count(b.counts.sent) : '—') },
    { key: 'held', title: t('held'), num: true, render: (b) => (started(b) ? <HeldCount n={b.counts.held} /> : '—') },
    { key: 'confirmed', title: t('confirmed'), num: true, render: (b) => (started(b) ? `${b.tasks.confirmed} / ${b.tasks.staff}` : '—') },
    { key: 'harm', title: t('harm'), num: true, render: (b) => (started(b) ? <Harm n={b.harm.optouts + b.harm.deletions} of={b.counts.sent} /> : '—') },
    { key: 'by', title: t('by'), render: (b) => actor(b.created_by.name) },
    { key: 'created', title: t('created'), render: (b) => <span className="nowrap">{f.moment(b.created_at)}</span> },
  ]
  return (
    <Page title={t('title')} meta={total === undefined ? t('meta') : t('count', { n: total })} actions={create}>
      <List<Broadcast>
        id="broadcasts" path="/broadcasts" rowKey={(b) => b.id} columns={columns} search={t('search')} opens={to} total={(n) => setTotal(n)}
        filters={[{ kind: 'one', key: 'kind', label: t('to'), options: [{ value: 'customer', label: t('toCustomers') }, { value: 'group', label: t('toGroups') }] }, { kind: 'one', key: 'state', label: t('state'), options: states.map((x) => ({ value: x, label: s(x) })) }]} empty={{ title: t('empty'), text: t('emptyText'), action: create }}
      />
    </Page>
  )
}
