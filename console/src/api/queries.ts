// Reading and writing through the query cache. Keys are [path, query], so an invalidation names paths.
import { keepPreviousData, QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient, type InfiniteData, type UseMutationResult } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useFail } from '../kit/fail'
import { ApiError, call, type Method, type Query } from './client'
import type { Page } from './types'

export const newQueryClient = () => new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000, refetchOnWindowFocus: true,
      // Answers of the server are final; only a lost connection is worth asking again.
      retry: (n, error) => error instanceof ApiError && (error.status === 0 || error.status === 503) && n < 3,
    },
  },
})

/** GET one thing; a null path waits. */
export function useGet<T>(path: string | null, query?: Query, options: { every?: number; keep?: boolean } = {}) {
  return useQuery<T, ApiError>({
    queryKey: [path ?? '', query ?? {}], enabled: path !== null, refetchInterval: options.every,
    queryFn: ({ signal }) => call<T>('GET', path ?? '', { query, signal }),
    ...(options.keep ? { placeholderData: keepPreviousData } : {}),
  })
}

/** GET a list by its cursor; `start` is the cursor a copied link begins with. */
export function useList<T>(path: string | null, query: Query, start = '', limit = 50) {
  return useInfiniteQuery<Page<T>, ApiError, InfiniteData<Page<T>, string>, readonly unknown[], string>({
    queryKey: [path ?? '', query, 'list', start], enabled: path !== null, initialPageParam: start,
    queryFn: ({ signal, pageParam }) => call<Page<T>>('GET', path ?? '', { query: { ...query, limit, after: pageParam }, signal }),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
}

/** Everything that was read below these paths is asked again. */
export function useInvalidate() {
  const client = useQueryClient()
  return (...paths: string[]) => client.invalidateQueries({ predicate: (q) => paths.some((p) => String(q.queryKey[0]).startsWith(p)) })
}

/** The same, gathered: many events within `wait` milliseconds ask once. */
export function useInvalidateSoon(wait = 1000) {
  const invalidate = useInvalidate()
  const waiting = useRef(new Set<string>())
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return (...paths: string[]) => {
    for (const p of paths) waiting.current.add(p)
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      const all = [...waiting.current]
      waiting.current.clear()
      void invalidate(...all)
    }, wait)
  }
}

export interface Act<V> { method: Method; path: string | ((v: V) => string); body?: (v: V) => unknown; touches?: string[]; done?: (v: V) => void; failed?: (error: ApiError) => void }

/** A write. Errors are a notice (kit/fail) unless `failed` shows them, at their fields (kit/atField). */
export function useAct<T = unknown, V = void>(act: Act<V> & { got?: (answer: T, v: V) => void }): UseMutationResult<T, ApiError, V> {
  const invalidate = useInvalidate()
  const fail = useFail()
  return useMutation<T, ApiError, V>({
    mutationFn: (v) => call<T>(act.method, typeof act.path === 'string' ? act.path : act.path(v), { body: act.body ? act.body(v) : undefined }),
    onSuccess: (answer, v) => {
      act.got?.(answer, v)
      act.done?.(v)
      if (act.touches) void invalidate(...act.touches)
    },
    onError: act.failed ?? fail,
  })
}
