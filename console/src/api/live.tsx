// The live stream: one EventSource for the whole console, shared by the pages that listen.
import { useQueryClient } from '@tanstack/react-query'
import { createContext, use, useEffect, useEffectEvent, useMemo, useRef, useState, type ReactNode } from 'react'
import { apiPath } from './client'

/** What the stream says: something of this kind changed; what it is now is asked for. */
export type LiveKind = 'counters' | 'health' | 'session' | 'broadcast' | 'moment' | 'touch' | 'customer' | 'sync' | 'review' | 'ladder' | 'export' | 'erasure' | 'data-request'
export interface LiveEvent { kind: string; id?: string; state?: string }
const kinds: LiveKind[] = ['counters', 'health', 'session', 'broadcast', 'moment', 'touch', 'customer', 'sync', 'review', 'ladder', 'export', 'erasure', 'data-request']
type Listener = (event: LiveEvent) => void
interface Live { listen(kind: LiveKind, listener: Listener): () => void; lostAt: Date | null }
const LiveContext = createContext<Live>({ listen: () => () => {}, lostAt: null })

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const listeners = useRef(new Map<LiveKind, Set<Listener>>())
  const [lostAt, setLostAt] = useState<Date | null>(null)
  useEffect(() => {
    let source: EventSource | null = null
    let again: ReturnType<typeof setTimeout> | undefined
    let wait = 1000
    let away = false
    const open = () => {
      source = new EventSource(apiPath('/live'))
      source.onopen = () => {
        wait = 1000
        // What happened while we were away was not told.
        if (away) void client.invalidateQueries()
        away = false
        setLostAt(null)
      }
      source.onerror = () => {
        away = true
        setLostAt((was) => was ?? new Date())
        // The browser tries again by itself, except after an answer that is no stream: then we do, ever slower.
        if (source?.readyState !== EventSource.CLOSED) return
        again = setTimeout(open, wait)
        wait = Math.min(wait * 2, 30_000)
      }
      for (const kind of kinds) {
        source.addEventListener(kind, (message: MessageEvent<string>) => {
          let event: LiveEvent
          try { event = JSON.parse(message.data) as LiveEvent } catch { return }
          for (const listener of listeners.current.get(kind) ?? []) listener(event)
        })
      }
      // The server could not keep up with us: what we have may be old.
      source.addEventListener('lost', () => void client.invalidateQueries())
    }
    open()
    return () => { clearTimeout(again); source?.close() }
  }, [client])
  const value = useMemo<Live>(() => ({
    lostAt,
    listen(kind, listener) {
      const set = listeners.current.get(kind) ?? new Set()
      listeners.current.set(kind, set.add(listener))
      return () => set.delete(listener)
    },
  }), [lostAt])
  return <LiveContext value={value}>{children}</LiveContext>
}

/** Calls `listener` for each event of that kind. */
export function useLive(kind: LiveKind, listener: (event: LiveEvent) => void) {
  const { listen } = use(LiveContext)
  const hear = useEffectEvent(listener)
  useEffect(() => listen(kind, (event) => hear(event)), [listen, kind])
}

/** When the stream was lost, or null while it runs. */
export const useLiveLost = () => use(LiveContext).lostAt
