import { useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { ApiError, call } from '../../api/client'
import { useLive } from '../../api/live'
import { useGet, useInvalidate, useInvalidateSoon } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Moment, MomentEcho, MomentTask, Page as PageOf } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useFail, useSaid } from '../../kit/fail'
import { HeldCount } from '../../kit/marks'
import { Facts, Page, Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { MomentStateTag } from './MomentList'
import { w } from './words'

export function MomentDetail() {
  const { id = '' } = useParams({ strict: false })
  const t = useWords(w)
  const path = `/moments/${encodeURIComponent(id)}`
  const found = useGet<Moment>(path)
  const soon = useInvalidateSoon()
  useLive('moment', () => soon('/moments'))
  if (found.data) return <Shown moment={found.data} path={path} />
  return <Page title={t('title')} crumbs={[{ text: t('title'), to: '/moments' }]}><section className="panel"><Ready query={found} head>{() => null}</Ready></section></Page>
}

function Shown({ moment: m, path }: { moment: Moment; path: string }) {
  const t = useWords(w)
  const f = useFormat()
  const can = useCan()('moment.write')
  const ask = useReach()
  const fail = useFail()
  const said = useSaid()
  const invalidate = useInvalidate()
  const [busy, setBusy] = useState(false)
  const tasks = useGet<PageOf<MomentTask>>(`${path}/tasks`)
  const echoes = useGet<PageOf<MomentEcho>>(`${path}/echoes`)
  const running = m.state === 'scheduled' || m.state === 'preparing' || m.state === 'making' || m.state === 'open'
  const remind = async () => {
    setBusy(true)
    try {
      const r = await call<{ reminded: number }>('POST', `${path}/remind`)
      said(t('reminded', { n: r.reminded }))
    } catch (error) { if (!(error instanceof ApiError)) throw error; fail(error) } finally { setBusy(false); void invalidate('/moments') }
  }
  const stop = () => ask({ reach: t('cancelAsk'), button: t('cancel'), act: async () => { await call('POST', `${path}/cancel`); void invalidate('/moments') } })
  const c = m.counts
  const rows: [string, React.ReactNode][] = [
    [t('opens'), m.opens_at ? f.moment(m.opens_at) : '—'], [t('matched'), f.count(c.matched)], [t('seen'), f.count(c.seen)], [t('held'), <HeldCount key="h" n={c.held} />],
    [t('waiting'), f.count(c.waiting)], [t('unpublished'), f.count(c.unpublished)], [t('notShown'), f.count(c.not_shown)], [t('unplanned'), f.count(c.unplanned)], [t('late'), <span key="l" className={c.late > 0 ? 'harm' : 'mute'}>{f.count(c.late)}</span>],
  ]
  return (
    <Page
      title={m.name} crumbs={[{ text: t('title'), to: '/moments' }]} tags={<MomentStateTag state={m.state} />}
      actions={can && <>{m.state === 'draft' && <A to={`${path}/edit`}>{t('edit')}</A>}{m.state === 'open' && <Button loading={busy} onClick={() => void remind()}>{t('remind')}</Button>}{running && <Button onClick={stop}>{t('cancel')}</Button>}</>}
    >
      <Panel title={t('result')}>{m.error && <p className="bad s13">{m.error}</p>}<Facts rows={rows} /></Panel>
      <Panel title={t('what')}><p style={{ whiteSpace: 'pre-line' }}>{m.text}</p></Panel>
      <Panel title={t('tasks')}>
        {(tasks.data?.items ?? []).length === 0 ? <p className="mute s13">{t('noTasks')}</p> : <table className="plain-table"><tbody>{tasks.data?.items.map((x) => <tr key={x.staff.id}><td>{x.staff.name}</td><td>{t(`t_${x.state}`)}{x.published_at && <span className="mute s12"> {f.moment(x.published_at)}</span>}</td><td className="right">{f.count(x.seen)} / {f.count(x.customers)}</td></tr>)}</tbody></table>}
      </Panel>
      <Panel title={t('echoes')} sub={t('echoNote')}>
        {(echoes.data?.items ?? []).length === 0 ? <p className="mute s13">{t('noEchoes')}</p> : <table className="plain-table"><tbody>{echoes.data?.items.map((e) => <tr key={`${e.kind}${e.person.id}${e.at}${e.under.id}`}><td className="nowrap">{f.moment(e.at)}</td><td>{t(e.kind)}</td><td>{e.by_staff ? e.person.name : <A to={`/customers/${encodeURIComponent(e.person.id)}`}>{e.person.name || e.person.id}</A>}</td><td className="mute">{e.under.name}</td></tr>)}</tbody></table>}
      </Panel>
    </Page>
  )
}
