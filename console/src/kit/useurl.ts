// urlstate.ts bound to the router.
import { useLocation, useRouter } from '@tanstack/react-router'
import { useCallback } from 'react'
import { change, many, one, parseSearch, stringifySearch, type UrlChange, type UrlState } from './urlstate'

export function useUrl() {
  const state = useLocation({ select: (l) => l.search as UrlState })
  const router = useRouter()
  const set = useCallback((next: UrlChange, options: { replace?: boolean } = {}) => {
    const { pathname, search } = router.history.location
    const to = pathname + stringifySearch(change(parseSearch(search), next))
    if (options.replace) router.history.replace(to)
    else router.history.push(to)
  }, [router])
  return { state, set, one: (key: string) => one(state, key), many: (key: string) => many(state, key) }
}
