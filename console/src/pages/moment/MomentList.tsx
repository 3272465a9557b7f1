import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { ApiError, call } from '../../api/client'
import { useLive } from '../../api/live'
import { useGet, useInvalidate, useInvalidateSoon } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { HistoryPage, Moment, MomentState, Page as PageOf } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { useActor } from '../../kit/actor'
import { useFail } from '../../kit/fail'
import { List, type Column } from '../../kit/List'
import { HeldCount, State, type Tone } from '../../kit/marks'
import { useStaffOptions } from '../../kit/options'
import { Page, Panel } from '../../kit/Page'
import { w } from './words'

const states: MomentState[] = ['draft', 'scheduled', 'open', 'done', 'cancelled', 'failed']
const tones: Record<MomentState, Tone> = { draft: 'plain', scheduled: 'plain', preparing: 'ok', making: 'ok', open: 'warn', done: 'ok', cancelled: 'held', failed: 'bad' }

export function MomentStateTag({ state }: { state: MomentState }) {
  const t = useWords(w)
  return <State tone={tones[state]}>{t(state)}</State>
}

export function MomentList() {
  const t = useWords(w)
  const f = useFormat()
  const go = useGo()
  const can = useCan()
  const soon = useInvalidateSoon()
  const actor = useActor()
  const [total, setTotal] = useState<number>()
  useLive('moment', () => soon('/moments'))
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
    { key: 'reactions', title: t('reactions'), num: true, render: (m) => (started(m) ? `${m.likes}, ${m.comments}` : '—') },
    { key: 'by', title: t('by'), render: (m) => actor(m.created_by.name) },
  ]
  return (
    <Page title={t('title')} meta={total === undefined ? t('meta') : t('count', { n: total })} actions={create}>
      <List<Moment>
        id="moments" path="/moments" rowKey={(m) => m.id} columns={columns} search={t('search')} opens={to} total={(n) => setTotal(n)}
        filters={[{ kind: 'one', key: 'state', label: t('state'), options: states.map((x) => ({ value: x, label: t(x) })) }]} empty={{ title: t('empty'), text: t('emptyText'), action: create }}
      />
      <HistoryPages />
    </Page>
  )
}

/** The open pages with what was published before. */
function HistoryPages() {
  const t = useWords(w)
  const me = useMe()
  const may = useCan()('moment.write') && me.scope === 'all'
  const found = useGet<PageOf<HistoryPage>>('/moment-pages')
  const staff = useStaffOptions()
  const invalidate = useInvalidate()
  const fail = useFail()
  const [title, setTitle] = useState('')
  const [of, setOf] = useState('')
  const act = async (does: () => Promise<unknown>) => {
    try { await does(); void invalidate('/moment-pages') } catch (error) { if (!(error instanceof ApiError)) throw error; fail(error) }
  }
  const openPage = (staffID: string, name: string) => act(() => call('POST', '/moment-pages', { body: staffID ? { staff_id: staffID, title: name } : { title: name } }))
  return (
    <Panel title={t('pages')} sub={t('pagesNote')}>
      <table className="plain-table"><tbody>
        {(found.data?.items ?? []).map((p) => (
          <tr key={p.slug}>
            <td>{p.staff?.name ?? t('pageStaff')}</td><td>{p.title}</td>
            <td>{p.open ? <a href={p.url} target="_blank" rel="noreferrer">{p.url}</a> : <span className="mute">{t('closedPage')}</span>}</td>
            <td className="right">{may && (p.open ? <Button size="small" onClick={() => void act(() => call('DELETE', `/moment-pages/${encodeURIComponent(p.slug)}`))}>{t('closePage')}</Button> : <Button size="small" onClick={() => void openPage(p.staff?.id ?? '', p.title)}>{t('reopen')}</Button>)}</td>
          </tr>
        ))}
      </tbody></table>
      {may && <div className="row" style={{ marginTop: 10 }}>
        <Select style={{ width: 200 }} value={of} onChange={setOf} aria-label={t('staff')} options={[{ value: '', label: t('pageStaff') }, ...staff]} showSearch={{ optionFilterProp: 'label' }} />
        <Input style={{ width: 240 }} value={title} maxLength={20} placeholder={t('pageTitle')} aria-label={t('pageTitle')} onChange={(e) => setTitle(e.target.value)} />
        <Button disabled={title.trim() === ''} onClick={() => void openPage(of, title).then(() => setTitle(''))}>{t('openPage')}</Button>
      </div>}
    </Panel>
  )
}
