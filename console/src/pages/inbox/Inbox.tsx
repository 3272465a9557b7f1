// The desk: views, sessions, the talk, the contact. The four scroll apart; the link carries view, account and open session.
import { Input, Modal } from 'antd'
import { useEffect, useEffectEvent, useState } from 'react'
import { useGet, useList } from '../../api/queries'
import { useCan } from '../../api/session'
import type { KfAccount, Page as Rows, Session } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { Icon } from '../../kit/Icon'
import { useTitle } from '../../kit/Page'
import { Empty, Failed, Skeleton } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { Accounts } from './Accounts'
import { Contact } from './Contact'
import { SessionRow } from './SessionRow'
import { Talk } from './Talk'
import { w } from './words'
import './inbox.css'

const views = ['all', 'waiting', 'mine', 'bot', 'ended'] as const

export function Inbox() {
  const t = useWords(w)
  const url = useUrl()
  const can = useCan()
  useTitle(t('title'))
  const view = views.find((v) => v === url.one('view')) ?? 'all'
  const account = url.one('account')
  const open = url.one('open')
  const [keys, setKeys] = useState(false)
  const [setting, setSetting] = useState(false)
  const accounts = useGet<Rows<KfAccount>>('/kf/accounts')
  const list = useList<Session>('/kf/sessions', { view, account, q: url.one('q') })
  const rows = list.data?.pages.flatMap((p) => p.items) ?? []
  const show = (id: string) => url.set({ open: id }, { replace: true })

  const press = useEffectEvent((e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey || (e.target as HTMLElement).closest('input,textarea,select,[contenteditable],[role=dialog]')) return
    const at = rows.findIndex((s) => s.id === open)
    const next = e.key === 'j' ? rows[at + 1] : e.key === 'k' ? rows[at - 1] : undefined
    if (next) { e.preventDefault(); show(next.id) }
    if (e.key === '?') setKeys(true)
  })
  useEffect(() => {
    const listen = (e: KeyboardEvent) => press(e)
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])

  const deskOf = (s?: Session) => accounts.data?.items.find((a) => a.id === s?.account.id)
  const current = rows.find((s) => s.id === open)
  return (
    <div className={`desk ${open ? 'open' : ''}`}>
      <h1 className="sr">{t('title')}</h1>
      <nav className="views" aria-label={t('title')}>
        {views.map((v) => <ViewButton key={v} view={v} account={account} on={v === view} onPick={() => url.set({ view: v === 'all' ? undefined : v })} />)}
        <p>{t('accounts')}</p>
        <button type="button" className={account === '' ? 'on' : ''} onClick={() => url.set({ account: undefined })}>{t('everyAccount')}</button>
        {accounts.data?.items.map((a) => <button key={a.id} type="button" className={a.id === account ? 'on' : ''} onClick={() => url.set({ account: a.id })}><span className="cut">{a.name}</span></button>)}
        {can('kf.manage') && <button type="button" style={{ marginTop: 'auto' }} onClick={() => setSetting(true)}><span className="row" style={{ gap: 6 }}><Icon name="gear" size={14} />{t('setAccounts')}</span></button>}
        <button type="button" style={can('kf.manage') ? undefined : { marginTop: 'auto' }} onClick={() => setKeys(true)}><span className="row" style={{ gap: 6 }}><Icon name="keyboard" size={14} />{t('keys')}</span></button>
      </nav>
      <section className="sessions" aria-label={t(`v_${view}`)}>
        <header><b>{t(`v_${view}`)}</b><span className="mute">{list.data?.pages[0]?.total ?? ''}</span><Input size="small" className="push" style={{ width: 120 }} placeholder={t('search')} aria-label={t('search')} allowClear defaultValue={url.one('q')} onPressEnter={(e) => url.set({ q: e.currentTarget.value })} onClear={() => url.set({ q: undefined })} /></header>
        {list.error && !list.data ? <Failed error={list.error} retry={() => void list.refetch()} /> : !list.data ? <Skeleton rows={8} /> : rows.length === 0
          ? (view === 'all' && !account && !url.one('q') ? <Empty icon="talk" title={t('emptyAll')} text={t('emptyAllText')} /> : <Empty title={t('emptyView')} />)
          : rows.map((s) => <SessionRow key={s.id} session={s} on={s.id === open} onPick={() => show(s.id)} />)}
        {list.hasNextPage && <button type="button" className="linky" style={{ padding: 12 }} onClick={() => void list.fetchNextPage()}>{t('earlier')}</button>}
      </section>
      {open && <button type="button" className="linky back" onClick={() => url.set({ open: undefined })}><Icon name="back" size={14} />{t('back')}</button>}
      {open ? <Talk key={open} id={open} row={current} account={deskOf(current)} accounts={accounts.data?.items ?? []} /> : <section className="talk-pane nobody"><Empty icon="talk" title={t('pick')} text={t('pickText')} /></section>}
      {open && <Contact key={`c${open}`} id={open} />}
      {keys && <Modal open title={t('keys')} footer={null} onCancel={() => setKeys(false)} width={380}><ul className="stack" style={{ gap: 8 }}>{([['j k', 'k_jk'], ['r', 'k_r'], ['n', 'k_n'], ['t', 'k_t'], ['e', 'k_e'], ['Enter', 'k_enter']] as const).map(([key, what]) => <li key={key} className="row"><kbd>{key}</kbd>{t(what)}</li>)}</ul></Modal>}
      {setting && <Accounts accounts={accounts.data?.items ?? []} close={() => setSetting(false)} />}
    </div>
  )
}

function ViewButton({ view, account, on, onPick }: { view: (typeof views)[number]; account: string; on: boolean; onPick: () => void }) {
  const t = useWords(w)
  const count = useGet<Rows<Session>>(view === 'ended' ? null : '/kf/sessions', { view, account, limit: 1 })
  return <button type="button" className={on ? 'on' : ''} aria-pressed={on} onClick={onPick}>{t(`v_${view}`)}<b className={view === 'waiting' && (count.data?.total ?? 0) > 0 ? 'wait' : ''}>{count.data?.total ?? ''}</b></button>
}
