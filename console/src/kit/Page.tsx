// A page's head and its panels.
import { A } from './A'
import { Fragment, useEffect, type ReactNode } from 'react'

export interface Crumb { text: string; to?: string }

export function Page({ title, meta, tags, crumbs, actions, children, className = '' }: { title: string; meta?: ReactNode; tags?: ReactNode; crumbs?: Crumb[]; actions?: ReactNode; children: ReactNode; className?: string }) {
  useTitle(title)
  return (
    <div className={`page ${className}`}>
      <div className="head">
        {crumbs && <nav className="crumb">{crumbs.map((c, i) => <Fragment key={c.text}>{i > 0 && ' / '}{c.to ? <A to={c.to}>{c.text}</A> : c.text}</Fragment>)}</nav>}
        <h1>{title}</h1>
        {tags}
        {meta && <span className="meta">{meta}</span>}
        {actions && <span className="does">{actions}</span>}
      </div>
      {children}
    </div>
  )
}

export function useTitle(title: string) {
  useEffect(() => { document.title = title ? `${title} · 知音 Zhiyin` : '知音 Zhiyin' }, [title])
}

export function Panel({ title, sub, mark, actions, children, flush = false, className = '' }: { title?: ReactNode; sub?: ReactNode; mark?: ReactNode; actions?: ReactNode; children: ReactNode; flush?: boolean; className?: string }) {
  return (
    <section className={`panel ${className}`}>
      {title && <header>{mark}<h2>{title}</h2>{sub && <span className="sub">{sub}</span>}{actions && <span className="does">{actions}</span>}</header>}
      {flush ? children : <div className="body">{children}</div>}
    </section>
  )
}

/** Label and value pairs. */
export function Facts({ rows }: { rows: [label: string, value: ReactNode][] }) {
  return <dl className="kv">{rows.map(([label, value]) => <Fragment key={label}><dt>{label}</dt><dd>{value}</dd></Fragment>)}</dl>
}
