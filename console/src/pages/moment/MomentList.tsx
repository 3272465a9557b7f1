import { Button, Tabs } from 'antd'
import { useState } from 'react'
import { useLive } from '../../api/live'
import { useInvalidateSoon } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Moment, MomentState } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { Icon } from '../../kit/Icon'
import { List, type Column } from '../../kit/List'
import { HeldCount } from '../../kit/marks'
import { Page } from '../../kit/Page'
import { useUrl } from '../../kit/useurl'
import { Answers } from './Answers'
import { HistoryPages } from './HistoryPages'
import { MomentCalendar } from './MomentCalendar'
import { MomentStateTag } from './MomentStateTag'
import { w } from './words'

const states: MomentState[] = ['draft', 'scheduled', 'open', 'done', 'cancelled', 'failed']

export function MomentList() {
  const t = useWords(w)
  const f = useFormat()
  const go = useGo()
  const can = useCan()
  const soon = useInvalidateSoon()
  const actor = useActor()
  const url = useUrl()
  const [total, setTotal] = useState<number>()
  useLive('moment', () => soon('/moments', '/moment-answers'))
  const to = (m: Moment) => `/moments/${encodeURIComponent(m.id)}${m.state === 'draft' ? '/edit' : ''}`
  const create = can('moment.write') && <Button type="primary" icon={<Icon name="plus" />} onClick={() => go('/moments/new/edit')}>{t('create')}</Button>
  const started = (m: Moment) => m.state !== 'draft' && m.state !== 'scheduled'
  const columns: Column<Moment>[] = [
    { key: 'name', title: t('name'), render: (m) => <div><A to={to(m)}>{m.name}</A><div className="mute s12 cut" style={{ maxWidth: 300 }}>{m.text.split('\n')[0]}</div></div> },
    { key: 'state', title: t('state'), render: (m) => <MomentStateTag state={m.state} /> },
    { key: 'opens', title: t('opens'), render: (m) => <span className="nowrap">{m.opens_at ?? m.publish_at ? f.moment(m.opens_at ?? m.publish_at ?? '') : '—'}</span> },
    { key: 'seen', title: t('seen'), num: true, render: (m) => (started(m) ? f.count(m.counts.seen) : '—') },
    { key: 'held', title: t('held'), num: true, render: (m) => (started(m) ? <HeldCount n={m.counts.held} /> : '—') },
    { key: 'published', title: t('published'), num: true, render: (m) => (started(m) ? `${m.tasks.published} / ${m.tasks.staff}` : '—') },
    { key: 'reactions', title: t('reactions'), num: true, render: (m) => (started(m) ? t('twoCounts', { a: f.count(m.likes), b: f.count(m.comments) }) : '—') },
    { key: 'by', title: t('by'), render: (m) => actor(m.created_by.name) },
  ]
  return (
    <Page title={t('title')} meta={total === undefined ? t('meta') : t('count', { n: total })} actions={create}>
      <Tabs
        activeKey={url.one('tab') || 'list'} onChange={(tab) => url.set({ tab: tab === 'list' ? undefined : tab, month: undefined, state: undefined, q: undefined, after: undefined }, { replace: true })} destroyOnHidden
        items={[
          { key: 'list', label: t('list'), children: (
          <List<Moment>
            id="moments" path="/moments" rowKey={(m) => m.id} columns={columns} search={t('search')} opens={to} total={(n) => setTotal(n)}
            filters={[{ kind: 'one', key: 'state', label: t('state'), options: states.map((x) => ({ value: x, label: t(x) })) }]} empty={{ title: t('empty'), text: t('emptyText'), action: create }}
          />
          ) },
          { key: 'calendar', label: t('calendar'), children: <MomentCalendar to={to} /> },
          { key: 'answers', label: t('answers'), children: <Answers /> },
          { key: 'pages', label: t('pages'), children: <HistoryPages /> },
        ]}
      />
    </Page>
  )
}
