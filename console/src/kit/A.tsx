// Links and moves inside the console, by plain address with its query, under the base path.
import { useRouter } from '@tanstack/react-router'
import { useCallback, type AnchorHTMLAttributes } from 'react'
import { basePath } from '../api/client'

export const href = (to: string) => basePath() + to.replace(/^\//, '')

export function useGo(): (to: string, replace?: boolean) => void {
  const router = useRouter()
  return useCallback((to, replace = false) => { if (replace) router.history.replace(href(to)); else router.history.push(href(to)) }, [router])
}

export function A({ to, onClick, ...rest }: { to: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'>) {
  const go = useGo()
  return (
    <a {...rest} href={href(to)} onClick={(e) => {
      onClick?.(e)
      if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return
      e.preventDefault()
      go(to)
    }} />
  )
}
