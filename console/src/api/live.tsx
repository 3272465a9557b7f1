// The live stream: one EventSource for the whole console, shared by the pages that listen.
import { createContext, use, useEffect, useEffectEvent, useMemo, useRef, useState, type ReactNode } from 'react'
import { apiPath } from './client'

export type LiveEvent = 'counters' | 'health' | 'session' | 'broadcast' | 'touch'
const events: LiveEvent[] = ['counters', 'health', 'session', 'broadcast', 'touch']
type Listener = (data: unknown) => void
interface Live { listen(event: LiveEvent, listener: Listener): () => void; lostAt: Date | null }
const LiveContext = createContext<Live>({ listen: () => () => {}, lostAt: null })

export function LiveProvider({ children }: { children: ReactNode }) {
  const listeners = useRef(new Map<LiveEvent, Set<Listener>>())
  const [lostAt, setLostAt] = useState<Date | null>(null)
  useEffect(() => {
    let source: EventSource | null = null
    let again: ReturnType<typeof setTimeout> | undefined
    let wait = 1000
    const open = () => {
      source = new EventSource(apiPath('/live'))
      source.onopen = () => { wait = 1000; setLostAt(null) }
      source.onerror = () => {
        setLostAt((was) => was ?? new Date())
        // The browser tries again by itself, except after an answer that is no stream: then we do, ever slower.
        if (source?.readyState !== EventSource.CLOSED) return
        again = setTimeout(open, wait)
        wait = Math.min(wait * 2, 30_000)
      }
      for (const event of events) {
        source.addEventListener(event, (message: MessageEvent<string>) => {
          let data: unknown
          try { data = JSON.parse(message.data) } catch { return }
          for (const listener of listeners.current.get(event) ?? []) listener(data)
        })
      }
    }
    open()
    return () => { clearTimeout(again); source?.close() }
  }, [])
  const value = useMemo<Live>(() => ({
    lostAt,
    listen(event, listener) {
      const set = listeners.current.get(event) ?? new Set()
      listeners.current.set(event, set.add(listener))
      return () => set.delete(listener)
    },
  }), [lostAt])
  return <LiveContext value={value}>{children}</LiveContext>
}

/** Calls `listener` for each event of that name. */
export function useLive<T>(event: LiveEvent, listener: (data: T) => void) {
  const { listen } = use(LiveContext)
  const hear = useEffectEvent(listener)
  useEffect(() => listen(event, (data) => hear(data as T)), [listen, event])
}

/** When the stream was lost, or null while it runs. */
export const useLiveLost = () => use(LiveContext).lostAt
