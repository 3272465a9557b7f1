// Links and moves inside the console, by plain address with its query, under the base path.
import { useRouter } from '@tanstack/react-router'
import { useCallback, type AnchorHTMLAttributes } from 'react'
import { basePath } from '../api/client'
import { allows, useMaybeMe } from '../api/session'
import { closed } from '../frame/nav'

export const href = (to: string) => basePath() + to.replace(/^\//, '')

export function useGo(): (to: string, replace?: boolean) => void {
  const router = useRouter()
  return useCallback((to, replace = false) => { if (replace) router.history.replace(href(to)); else router.history.push(href(to)) }, [router])
}

/** Whether the caller can open the page of an address; nobody is promised a page that then refuses them. */
export function useMayOpen(): (to: string) => boolean {
  const me = useMaybeMe()
  return (to) => !me || !closed(to.replace(/[?#].*$/, ''), (permission) => allows(me, permission), me.scope)
}

/** A link; plain text where its page is closed to the caller. */
export function A({ to, onClick, ...rest }: { to: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'>) {
  const go = useGo()
  if (!useMayOpen()(to)) return <span {...rest} />
  return (
    <a {...rest} href={href(to)} onClick={(e) => {
      onClick?.(e)
      if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return
      e.preventDefault()
      go(to)
    }} />
  )
}
