// Who is signed in, and what they may do.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, use, useEffect, type ReactNode } from 'react'
import { setCorpNow } from '../i18n/clock'
import { useLang } from '../i18n/i18n'
import { call, whenSignedOut, type ApiError } from './client'
import type { Me } from './types'

const MeContext = createContext<Me | null>(null)

/** Shows `login` while nobody is signed in, `failed` when that cannot be found out. */
export function SessionGate({ login, waiting, failed, children }: { login: ReactNode; waiting: ReactNode; failed: (error: ApiError, retry: () => void) => ReactNode; children: ReactNode }) {
  const client = useQueryClient()
  const { setZone } = useLang()
  const me = useQuery<Me | null, ApiError>({
    queryKey: ['/session'], staleTime: 30_000, refetchInterval: (q) => (q.state.data ? 60_000 : false),
    queryFn: async ({ signal }) => {
      try {
        const found = await call<Me>('GET', '/session', { signal })
        setCorpNow(found.window?.now)
        return found
      }
      catch (error) { if ((error as ApiError).status === 401) return null; throw error }
    },
  })
  useEffect(() => whenSignedOut(() => { client.setQueryData(['/session'], null) }), [client])
  const zone = me.data?.corp.zone
  useEffect(() => { if (zone) setZone(zone) }, [zone, setZone])
  if (me.data) return <MeContext value={me.data}>{children}</MeContext>
  if (me.data === null) return login
  if (me.error) return failed(me.error, () => void me.refetch())
  return waiting
}

export function useMe(): Me {
  const me = use(MeContext)
  if (!me) throw new Error('useMe outside SessionGate')
  return me
}

/** The same where nobody may be signed in yet. */
export const useMaybeMe = () => use(MeContext)

/** Whether the caller may: `customer.read`, `broadcast.write`. The server decides again on every request. */
export function useCan(): (permission: string) => boolean {
  const me = useMe()
  return (permission) => allows(me, permission)
}

export const allows = (me: Me, permission: string) => me.role === 'owner' || me.permissions.includes(permission) || me.permissions.includes('*')
