// Complaints and refunds of all customers: whose turn it is, until when, and how each ended.
import { Button } from 'antd'
import { useState } from 'react'
import { useCan } from '../../api/session'
import type { Grievance } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { List, type Column, type Filter } from '../../kit/List'
import { RuleId, State } from '../../kit/marks'
import { Page } from '../../kit/Page'
import { EndGrievance } from './Grievances'
import { w } from './grievanceWords'

export function GrievanceList() {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const may = useCan()('customer.write')
  const [ending, setEnding] = useState<string>()
  const filters: Filter[] = [{ kind: 'one', key: 'state', label: t('state'), options: [{ value: 'open', label: t('isOpen') }, { value: 'ended', label: t('hasEnded') }] }]
  const columns: Column<Grievance>[] = [
    { key: 'customer', title: t('customer'), render: (x) => <A to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name || t('nobodys')}</A> },
    { key: 'note', title: t('about'), render: (x) => <div style={{ minWidth: 220 }}><span className={x.ended_at ? 'second' : 'held'}>{t(x.kind)}</span> {x.note}{x.outcome && <div className="second s13">{t('outcome', { text: x.outcome })}</div>}</div> },
    { key: 'since', title: t('since'), render: (x) => <span className="nowrap">{f.moment(x.since)}<div className="mute s12">{x.by.name || actor(x.by.id)}</div></span> },
    { key: 'due', title: t('due'), render: (x) => (x.ended_at ? <span className="nowrap second">{f.moment(x.ended_at)}</span> : x.due_at ? <span className="nowrap">{f.moment(x.due_at)} {x.overdue && <State tone="bad">{t('overdue')}</State>}</span> : '—') },
    { key: 'end', title: '', num: true, render: (x) => (x.ended_at ? <State tone="plain">{t('hasEnded')}</State> : may && <Button size="small" onClick={() => setEnding(x.id)}>{t('end')}</Button>) },
  ]
  return (
    <Page title={t('title')} meta={<>{t('listMeta')} <RuleId id="LAW-34" /> <RuleId id="FTG-15" /></>}>
      <List<Grievance> id="grievances" path="/grievances" rowKey={(x) => x.id} columns={columns} filters={filters} empty={{ title: t('listNone'), text: t('listNoneText') }} />
      {ending && <EndGrievance id={ending} close={() => setEnding(undefined)} />}
    </Page>
  )
}
