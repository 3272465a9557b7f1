// The customer list: filters in the link, the string of each budget, tags in batches.
import { Button } from 'antd'
import { useState } from 'react'
import type { Query } from '../../api/client'
import { useCan } from '../../api/session'
import type { Customer } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { List, type Chosen, type Column, type Filter } from '../../kit/List'
import { Avatar, BudgetCell, TagList } from '../../kit/marks'
import { useChannelOptions, useStaffOptions, useTagOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { useUrl } from '../../kit/useurl'
import { ExportDialog } from '../disclosure/ExportDialog'
import { TagDialog } from './TagDialog'
import { w } from './words'

const filterKeys = ['q', 'tag', 'staff', 'channel', 'state', 'added_from', 'added_to']

export function CustomerList() {
  const t = useWords(w)
  const f = useFormat()
  const go = useGo()
  const can = useCan()
  const url = useUrl()
  const [total, setTotal] = useState<[number, boolean]>()
  const [tagging, setTagging] = useState<Chosen>()
  const [exporting, setExporting] = useState(false)
  const query: Query = Object.fromEntries(filterKeys.map((k) => [k, url.many(k)]))
  const filters: Filter[] = [
    { kind: 'many', key: 'tag', label: t('tags'), options: useTagOptions() },
    { kind: 'one', key: 'staff', label: t('staff'), options: useStaffOptions() },
    { kind: 'one', key: 'channel', label: t('channel'), options: useChannelOptions() },
    { kind: 'range', key: 'added', label: t('added'), from: 'added_from', to: 'added_to' },
    { kind: 'one', key: 'state', label: t('state'), options: [{ value: 'live', label: t('live') }, { value: 'lost', label: t('lost') }], drawer: true },
  ]
  const columns: Column<Customer>[] = [
    { key: 'name', title: t('name'), sort: 'name', first: 'up', render: (c) => <span className="row"><Avatar name={c.name} src={c.avatar} /><A to={`/customers/${encodeURIComponent(c.id)}`} className="nowrap">{c.name}</A>{c.type === 'wecom' && <span className="mute s12">@{c.corp_name || t('wecom')}</span>}{c.state === 'lost' && <span className="tag harm">{t('lost')}</span>}</span> },
    { key: 'tags', title: t('tags'), render: (c) => <TagList tags={c.tags} max={2} /> },
    { key: 'source', title: t('source'), render: (c) => <span className="nowrap">{c.source.channel?.name ?? c.source.label}</span> },
    { key: 'staff', title: t('staff'), render: (c) => <span className="nowrap">{c.staff.slice(0, 2).map((s) => s.name).join(f.lang === 'zh' ? '、' : ', ')}{c.staff.length > 2 ? ` +${c.staff.length - 2}` : ''}</span> },
    { key: 'added', title: t('added'), sort: 'added', render: (c) => <span className="nowrap">{f.moment(c.added_at)}</span> },
    { key: 'budget', title: t('budget'), render: (c) => <BudgetCell customer={c} /> },
    { key: 'consent', title: t('consent'), render: (c) => (c.optout.state === 'all' ? <span className="harm nowrap">{t('optout')}</span> : <span className="nowrap">{t(c.optout.no_guardian ? 'minorShort' : c.optout.service_only ? 'serviceShort' : 'optin')}</span>) },
    { key: 'groups', title: t('groups'), hidden: true, num: true, render: (c) => c.groups },
    { key: 'type', title: t('kind'), hidden: true, render: (c) => t(c.type) },
  ]
  return (
    <Page
      title={t('title')} meta={total && (total[1] ? t('countMore', { n: total[0] }) : t('count', { n: total[0] }))}
      actions={<>
        {can('customer.export') && <Button onClick={() => setExporting(true)}>{t('export')}</Button>}
        {can('broadcast.write') && <Button type="primary" icon={<Icon name="send" />} onClick={() => go(`/broadcasts/new/edit${tagQuery(url.many('tag'))}`)}>{t('send')}</Button>}
      </>}
    >
      <List<Customer>
        id="customers" path="/customers" rowKey={(c) => c.id} columns={columns} filters={filters} search={t('search')} defaultSort="-added" total={(n, more) => setTotal([n, more])}
        opens={(c) => `/customers/${encodeURIComponent(c.id)}`}
        batch={can('customer.write') ? (chosen) => <Button size="small" onClick={() => setTagging(chosen)}>{t('tagAct')}</Button> : undefined}
        whole={can('customer.write') ? (chosen) => <button type="button" className="linky" onClick={() => setTagging(chosen)}>{t('tagWhole', { n: chosen.count })}</button> : undefined}
        empty={{ title: t('empty'), text: t('emptyText'), action: can('sync.read') && <Button type="primary" onClick={() => go('/settings/sync')}>{t('emptyAct')}</Button> }}
      />
      {exporting && <ExportDialog filter={query} close={() => setExporting(false)} />}
      {tagging && <TagDialog chosen={tagging} close={() => setTagging(undefined)} />}
    </Page>
  )
}

const tagQuery = (tags: string[]) => (tags.length > 0 ? `?${new URLSearchParams(tags.map((t) => ['tag', t])).toString()}` : '')
