// The states a page can be in besides having data: empty, loading, failed, forbidden, missing, stale.
import { Button } from 'antd'
import type { ReactNode } from 'react'
import { A } from './A'
import type { ApiError } from '../api/client'
import { useMe } from '../api/session'
import { useFormat, useWords } from '../i18n/i18n'
import { useCopy } from './useCopy'
import { Icon, type IconName } from './Icon'
import { w } from './words'

export function Empty({ title, text, icon, children }: { title: string; text?: ReactNode; icon?: IconName; children?: ReactNode }) {
  return <div className="state">{icon && <Icon name={icon} />}<h2>{title}</h2>{text && <p>{text}</p>}{children && <div className="does">{children}</div>}</div>
}

/** Grey bars in the shape of rows, shown after 200 ms so that fast answers do not flicker. */
export function Skeleton({ rows = 6, head = false }: { rows?: number; head?: boolean }) {
  const t = useWords(w)
  const widths = [92, 70, 84, 52, 76, 64]
  return (
    <div className="sk-wait" role="status" aria-label={t('loading')} style={{ padding: '14px 20px 20px' }}>
      {head && <i className="sk" style={{ width: 180, height: 18, marginBottom: 18 }} />}
      {Array.from({ length: rows }, (_, i) => <i key={i} className="sk" style={{ width: `${widths[i % widths.length]}%`, margin: '16px 0' }} />)}
    </div>
  )
}

export function Failed({ error, retry }: { error: ApiError; retry?: () => void }) {
  const t = useWords(w)
  const copy = useCopy()
  if (error.status === 403) return <Forbidden what={error.message} reference={error.ref} />
  if (error.status === 404) return <Missing text={error.message} />
  const lost = error.status === 0
  return (
    <div className="state error" role="alert">
      <h2>{lost ? t('unreachable') : t('loadFailed')}</h2>
      <p>{lost ? t('unreachableWhat') : <>{error.message} {t('loadSafe')}</>}</p>
      {error.ref && <span className="ref">{t('ref', { ref: error.ref })}</span>}
      <div className="does">
        {retry && <Button onClick={retry}>{t('retry')}</Button>}
        {error.ref && <Button onClick={() => copy(error.ref)}>{t('copyRef')}</Button>}
      </div>
    </div>
  )
}

/** A page or a part that the caller's role or data scope keeps closed, and who can open it. */
export function Forbidden({ title, what, reference }: { title?: string; what?: string; reference?: string }) {
  const t = useWords(w)
  const me = useMe()
  return (
    <div className="state">
      <Icon name="lock" />
      <h2>{title ?? t('forbidden', { role: t(`role_${me.role}`) })}</h2>
      <p>{what || t('forbiddenWhat')}</p>
      {reference && <span className="ref">{t('ref', { ref: reference })}</span>}
    </div>
  )
}

export function Missing({ text }: { text?: string }) {
  const t = useWords(w)
  return <div className="state"><h2>{t('missing')}</h2><p>{text || t('missingWhat')}</p><div className="does"><A to="/"><Button>{t('toHome')}</Button></A></div></div>
}

/** Old data stays, marked with its time. */
export function Stale({ since }: { since: Date }) {
  const t = useWords(w)
  const { clock } = useFormat()
  return <div className="stale" role="status"><Icon name="again" size={14} />{t('staleSince', { time: clock(since) })}</div>
}

/** Data, or the state that stands for it. */
export function Ready<T>({ query, rows, head, children }: { query: { data?: T; error: ApiError | null; refetch: () => unknown }; rows?: number; head?: boolean; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />
  return <Skeleton rows={rows} head={head} />
}
