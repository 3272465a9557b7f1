// The frame of every page: the rail, the top bar, and the page between them.
import { Outlet, useLocation, useMatches } from '@tanstack/react-router'
import { useState } from 'react'
import { basePath } from '../api/client'
import { useLive, useLiveLost } from '../api/live'
import { useGet, useInvalidateSoon } from '../api/queries'
import { useCan, useMe } from '../api/session'
import type { Halt, Page as Rows, Session } from '../api/types'
import { useWords } from '../i18n/i18n'
import { A } from '../kit/A'
import { Icon } from '../kit/Icon'
import { Page } from '../kit/Page'
import { Forbidden, Stale } from '../kit/states'
import { w as kit } from '../kit/words'
import { useMedia } from '../look/look'
import { closed, entryOf, nav, visible, type NavItem } from './nav'
import { TopBar } from './TopBar'
import { w } from './words'
import './frame.css'

export function Frame() {
  const t = useWords(w)
  const path = ownPath(useLocation({ select: (l) => l.pathname }))
  // Of the page that Outlet shows, which is not yet the address while another page is on its way: a page that is closed to the
  // caller must not be drawn for a moment, and ask the server for what it refuses.
  const shown = ownPath(useMatches({ select: (all) => all.at(-1)?.pathname ?? '/' }))
  const narrow = useMedia('(max-width: 1199px)')
  const desk = path.startsWith('/inbox')
  const [folded, setFolded] = useState(() => localStorage.getItem('zhiyin.rail') === 'folded')
  const slim = desk || narrow || folded
  const lost = useLiveLost()
  const me = useMe()
  const shut = closed(shown, useCan(), me.scope)
  const fold = () => { localStorage.setItem('zhiyin.rail', folded ? '' : 'folded'); setFolded(!folded) }
  return (
    <div className={`app ${slim ? 'slim' : ''}`}>
      <a className="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById('main')?.focus() }}>{t('skip')}</a>
      <aside className="rail"><div>
        <A to="/" className="name"><b>知音</b>{!slim && <span>Zhiyin</span>}</A>
        <Menu path={path} slim={slim} />
        {!desk && !narrow && <button type="button" className="fold" onClick={fold} aria-label={folded ? t('unfold') : t('fold')} title={folded ? t('unfold') : t('fold')}><Icon name="rail" />{!slim && t('fold')}</button>}
      </div></aside>
      <div style={{ minWidth: 0 }}>
        <TopBar />
        {lost && <Stale since={lost} />}
        <Halted />
        <main id="main" tabIndex={-1} style={{ outline: 'none' }}>{shut ? <Shut entry={shut.entry} why={shut.why} /> : <Outlet />}</main>
      </div>
    </div>
  )
}

/** Says on every page that sending is stopped: what somebody plans now goes nowhere. */
function Halted() {
  const t = useWords(w)
  const may = useCan()('governance.read')
  const halts = useGet<Rows<Halt>>(may ? '/governance/halts' : null)
  const all = halts.data?.items.find((h) => !h.lifted_at && !h.staff)
  return all ? <div className="halted" role="status">{t('halted', { reason: all.reason })} <A to="/caps">{t('haltedSee')}</A></div> : null
}

/** A path of the console, without what it is mounted under. */
function ownPath(pathname: string): string {
  return '/' + pathname.replace(basePath().replace(/\/$/, ''), '').replace(/^\//, '')
}

/** In place of a page that the caller cannot open: which one, why, who can help. */
function Shut({ entry, why }: { entry: NavItem; why: 'role' | 'scope' | 'write' }) {
  const t = useWords(w)
  const k = useWords(kit)
  const me = useMe()
  const role = k(`role_${me.role}`)
  const title = why === 'scope' ? k('forbiddenScope', { scope: k(`scope_${me.scope}`) }) : k(why === 'write' ? 'forbiddenWrite' : 'forbidden', { role })
  return <Page title={t(entry.key)} crumbs={why === 'write' ? [{ text: t(entry.key), to: entry.to }] : undefined}><section className="panel"><Forbidden title={title} /></section></Page>
}

function Menu({ path, slim }: { path: string; slim: boolean }) {
  const t = useWords(w)
  const can = useCan()
  const me = useMe()
  const soon = useInvalidateSoon()
  const mayTalk = can('kf.read')
  const waiting = useGet<Rows<Session>>(mayTalk ? '/kf/sessions' : null, { view: 'waiting', limit: 1 })
  useLive('session', () => soon('/kf/sessions'))
  const here = entryOf(path)
  const count = waiting.data?.total ?? 0
  return (
    <nav aria-label={t('nav')}>
      {nav.map((g) => {
        const items = visible(g.items, can, me.scope)
        const first = items[0]
        if (!first) return null
        const open = here !== undefined && items.some((i) => i.to === here.to)
        const single = items.length === 1 || slim
        const n = g.key === 'conversations' && count > 0 ? count : 0
        return [
          <A key={g.key} to={first.to} className={open ? (single ? 'on' : 'open') : ''} title={slim ? t(g.key) : undefined} aria-label={slim ? t(g.key) : undefined} aria-current={open && single ? 'page' : undefined}>
            <Icon name={g.icon} />{!slim && t(g.key)}
            {n > 0 && (slim ? <i className="dot" /> : <span className="n">{n}</span>)}
          </A>,
          ...(open && !single ? items.map((i) => <A key={i.key} to={i.to} className={`sub ${i === here ? 'on' : ''}`} aria-current={i === here ? 'page' : undefined}>{t(i.key)}</A>) : []),
        ]
      })}
    </nav>
  )
}
