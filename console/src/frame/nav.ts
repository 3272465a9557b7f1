// The menu, in the field's order, with only what works. `needs` hides an entry from roles that cannot read it.
import type { Scope } from '../api/types'
import type { IconName } from '../kit/Icon'

export type NavKey =
  | 'home' | 'acquisition' | 'contactways' | 'joinways' | 'customersGroup' | 'customers' | 'losses' | 'grievances' | 'groupsGroup' | 'groupchats' | 'several' | 'conversations' | 'inbox' | 'autoreplies'
  | 'engagement' | 'welcomes' | 'broadcasts' | 'moments' | 'materials' | 'governance' | 'overview' | 'touches' | 'held' | 'optouts' | 'caps' | 'rules' | 'reviews' | 'ladder' | 'audit' | 'admission' | 'record' | 'persons' | 'purposes' | 'privacy' | 'receivers' | 'assessments' | 'incidents' | 'settings' | 'corp' | 'staff' | 'tokens' | 'sync' | 'doctor' | 'deadletters'
/** `whole`: the server shows it only to those who see the whole corp. */
export interface NavItem { key: NavKey; to: string; needs?: string; whole?: boolean }
export interface NavGroup { key: NavKey; icon: IconName; items: NavItem[] }

export const nav: NavGroup[] = [
  { key: 'home', icon: 'home', items: [{ key: 'home', to: '/' }] },
  { key: 'acquisition', icon: 'code', items: [{ key: 'contactways', to: '/contactways', needs: 'contactway.read' }, { key: 'joinways', to: '/joinways', needs: 'joinway.read' }] },
  { key: 'customersGroup', icon: 'person', items: [{ key: 'customers', to: '/customers', needs: 'customer.read' }, { key: 'losses', to: '/losses', needs: 'customer.read' }, { key: 'grievances', to: '/grievances', needs: 'governance.read', whole: true }] },
  { key: 'groupsGroup', icon: 'people', items: [{ key: 'groupchats', to: '/groupchats', needs: 'groupchat.read' }, { key: 'several', to: '/groupchats/several', needs: 'groupchat.read' }] },
  { key: 'conversations', icon: 'talk', items: [{ key: 'inbox', to: '/inbox', needs: 'kf.read' }, { key: 'autoreplies', to: '/autoreplies', needs: 'autoreply.read' }] },
  { key: 'engagement', icon: 'send', items: [{ key: 'welcomes', to: '/welcomes', needs: 'welcome.read' }, { key: 'broadcasts', to: '/broadcasts', needs: 'broadcast.read' }, { key: 'moments', to: '/moments', needs: 'moment.read' }, { key: 'materials', to: '/materials', needs: 'material.read' }] },
  {
    key: 'governance', icon: 'shield', items: [
      { key: 'overview', to: '/governance', needs: 'governance.read' }, { key: 'touches', to: '/touches', needs: 'governance.read' }, { key: 'held', to: '/held', needs: 'governance.read' },
      { key: 'optouts', to: '/optouts', needs: 'governance.read', whole: true }, { key: 'caps', to: '/caps', needs: 'governance.read' }, { key: 'rules', to: '/rules', needs: 'governance.read' },
      { key: 'reviews', to: '/reviews', needs: 'review.read' }, { key: 'ladder', to: '/ladder', needs: 'ladder.read' },
      { key: 'audit', to: '/audit', needs: 'audit.read', whole: true }, { key: 'admission', to: '/admission', needs: 'governance.read' }, { key: 'record', to: '/record', needs: 'governance.read' },
    ],
  },
  {
    key: 'persons', icon: 'lock', items: [
      { key: 'purposes', to: '/purposes', needs: 'governance.read' }, { key: 'privacy', to: '/privacy', needs: 'privacy.read' },
      { key: 'receivers', to: '/receivers', needs: 'receiver.read' }, { key: 'assessments', to: '/assessments', needs: 'assessment.read' }, { key: 'incidents', to: '/incidents', needs: 'incident.read', whole: true },
    ],
  },
  {
    key: 'settings', icon: 'gear', items: [
      { key: 'corp', to: '/settings', needs: 'settings.read', whole: true }, { key: 'staff', to: '/settings/staff', needs: 'staff.read' }, { key: 'tokens', to: '/settings/tokens', needs: 'token.read', whole: true },
      { key: 'sync', to: '/settings/sync', needs: 'sync.read' }, { key: 'doctor', to: '/settings/doctor', needs: 'doctor.read', whole: true }, { key: 'deadletters', to: '/settings/dead-letters', needs: 'deadletter.read', whole: true },
    ],
  },
]

/** The entries a caller can open. */
export const visible = (items: NavItem[], can: (permission: string) => boolean, scope: Scope): NavItem[] => items.filter((i) => !closed(i.to, can, scope))

/** Pages that only make or change something: a list's `new` and `edit`. */
const writes = /\/(new|edit)$/

/** The entry of a page that the caller cannot open, and which part of it is closed; undefined when it is open. */
export function closed(path: string, can: (permission: string) => boolean, scope: Scope): { entry: NavItem; why: 'role' | 'scope' | 'write' } | undefined {
  const entry = entryOf(path)
  if (!entry) return undefined
  if (entry.needs && !can(entry.needs)) return { entry, why: 'role' }
  if (entry.whole && scope !== 'all') return { entry, why: 'scope' }
  if (entry.needs && writes.test(path) && !can(entry.needs.replace('.read', '.write'))) return { entry, why: 'write' }
  return undefined
}

/** The entry a path belongs to: the longest that begins it. */
export function entryOf(path: string): NavItem | undefined {
  return nav.flatMap((g) => g.items).filter((i) => (i.to === '/' ? path === '/' : path === i.to || path.startsWith(i.to + '/'))).sort((a, b) => b.to.length - a.to.length)[0]
}
