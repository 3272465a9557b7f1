// What selects offer: tags by group, staff, departments, channel codes, group codes. Read once and kept for five minutes; empty for
// roles that may not read them.
import { useQuery } from '@tanstack/react-query'
import { call, type ApiError } from '../api/client'
import { useCan } from '../api/session'
import type { Contactway, Department, Groupchat, Joinway, KfAccount, Page, Staff, TagGroup } from '../api/types'
import { useWords } from '../i18n/i18n'
import type { Option } from './List'
import { w } from './words'

function useAll<T>(path: string, needs: string): T[] {
  const enabled = useCan()(needs)
  const query = useQuery<T[], ApiError>({
    queryKey: [path, 'all'], enabled, staleTime: 300_000,
    queryFn: async ({ signal }) => {
      const out: T[] = []
      let after = ''
      do {
        const page = await call<Page<T>>('GET', path, { query: { limit: 200, after }, signal })
        out.push(...page.items)
        after = page.next
      } while (after && out.length < 2000)
      return out
    },
  })
  return query.data ?? none
}
const none: never[] = []

const named = (items: { id: string; name: string }[]): Option[] => items.map((x) => ({ value: x.id, label: x.name }))

export const useTagGroups = () => useAll<TagGroup>('/tag-groups', 'customer.read')
/** Tags whose names tell sensitive data are marked: they choose nobody without a consent on record. */
export function useTagOptions(): Option[] {
  const t = useWords(w)
  return useTagGroups().map((g) => ({ value: g.id, label: g.name, options: g.tags.map((x) => ({ value: x.id, label: x.sensitive ? t('sensitiveTag', { name: x.name }) : x.name })) }))
}
export const useStaffOptions = (): Option[] => named(useAll<Staff>('/staff', 'staff.read'))
export const useDepartmentOptions = (): Option[] => named(useAll<Department>('/departments', 'staff.read'))
export const useGroupchatOptions = (): Option[] => useAll<Groupchat>('/groupchats', 'groupchat.read').map((g) => ({ value: g.id, label: g.name || g.id }))
export const useContactwayOptions = (): Option[] => named(useAll<Contactway>('/contactways', 'contactway.read'))
/** Channel codes by their state: what customers carry as their source. */
export const useChannelOptions = (): Option[] => useAll<Contactway>('/contactways', 'contactway.read').map((x) => ({ value: x.state, label: x.name }))
export const useJoinwayOptions = (): Option[] => named(useAll<Joinway>('/joinways', 'joinway.read'))
/** Group codes by their state: what group members carry as their source. */
export const useJoinSourceOptions = (): Option[] => useAll<Joinway>('/joinways', 'joinway.read').map((x) => ({ value: x.state, label: x.name }))
export const useAccountOptions = (): Option[] => named(useAll<KfAccount>('/kf/accounts', 'kf.read'))
