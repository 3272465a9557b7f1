// The open pages with what was published before: one of the brand, one of each member who wants one.
import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { HistoryPage, Page as PageOf } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useStaffOptions } from '../../kit/options'
import { useSaid } from '../../kit/fail'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { w } from './words'

interface Open { staff_id?: string; title: string }

/** Lists them; who may, opens and closes them. */
export function HistoryPages() {
  const t = useWords(w)
  const me = useMe()
  const may = useCan()('moment.write') && me.scope === 'all'
  const found = useGet<PageOf<HistoryPage>>('/moment-pages')
  const staff = useStaffOptions()
  const [title, setTitle] = useState('')
  const [of, setOf] = useState('')
  const touches = ['/moment-pages']
  const open = useAct<HistoryPage, Open>({ method: 'POST', path: '/moment-pages', body: (x) => x, touches, done: () => setTitle('') })
  const close = useAct<unknown, string>({ method: 'DELETE', path: (slug) => `/moment-pages/${encodeURIComponent(slug)}`, touches })
  const ask = useReach()
  const said = useSaid()
  const revoke = useAct({ method: 'POST', path: '/moment-links/revoke', body: () => ({}), touches: [], done: () => said(t('revoked')) })
  const want = (staffID: string, name: string): Open => (staffID ? { staff_id: staffID, title: name } : { title: name })
  return (
    <Panel title={t('pages')} sub={t('pagesNote')}>
      <Ready query={found} rows={2}>{(page) => (page.items.length === 0 ? <p className="second s13">{t('pagesEmpty')}</p> : (
        <table className="plain-table">
          <thead><tr><th>{t('pageOf')}</th><th>{t('pageTitleCol')}</th><th>{t('pageLink')}</th><th /></tr></thead>
          <tbody>{page.items.map((p) => (
            <tr key={p.slug}>
              <td>{p.staff?.name ?? t('pageStaff')}</td><td>{p.title}</td>
              <td style={{ overflowWrap: 'anywhere' }}>{p.open ? <a href={p.url} target="_blank" rel="noreferrer">{p.url}</a> : <span className="mute">{t('closedPage')}</span>}</td>
              <td className="right">{may && (p.open ? <Button size="small" onClick={() => close.mutate(p.slug)}>{t('closePage')}</Button> : <Button size="small" onClick={() => open.mutate(want(p.staff?.id ?? '', p.title))}>{t('reopen')}</Button>)}</td>
            </tr>
          ))}</tbody>
        </table>
      ))}</Ready>
      {may && <div className="row" style={{ marginTop: 14, flexWrap: 'wrap' }}>
        <Select style={{ width: 180 }} value={of} onChange={setOf} aria-label={t('pageOf')} options={[{ value: '', label: t('pageStaff') }, ...staff]} showSearch={{ optionFilterProp: 'label' }} />
        <Input style={{ width: 240 }} value={title} maxLength={20} placeholder={t('pageTitle')} aria-label={t('pageTitle')} onChange={(e) => setTitle(e.target.value)} />
        <Button disabled={title.trim() === ''} loading={open.isPending} onClick={() => open.mutate(want(of, title))}>{t('openPage')}</Button>
        <Button className="push" onClick={() => ask({ reach: t('revokeReach'), also: t('revokeAlso'), button: t('revokeLinks'), danger: true, act: () => revoke.mutateAsync() })}>{t('revokeLinks')}</Button>
      </div>}
    </Panel>
  )
}
