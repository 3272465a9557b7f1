import { expect, test } from 'vitest'
import { closed, entryOf, nav, visible } from './nav'

test('an entry needs its permission, and some the whole corp', () => {
  const all = nav.flatMap((g) => g.items)
  const names = (can: (p: string) => boolean, scope: 'own' | 'all') => visible(all, can, scope).map((i) => i.key)
  expect(names(() => false, 'all')).toEqual(['home'])
  expect(names((p) => p === 'customer.read', 'own')).toEqual(['home', 'customers', 'losses'])
  expect(names(() => true, 'own')).not.toContain('optouts')
  expect(names(() => true, 'all')).toEqual(all.map((i) => i.key))
})

test('a path belongs to its longest entry', () => {
  expect(entryOf('/')?.key).toBe('home')
  expect(entryOf('/customers/wm1')?.key).toBe('customers')
  expect(entryOf('/groupchats/wr1')?.key).toBe('groupchats')
  expect(entryOf('/groupchats/several')?.key).toBe('several')
  expect(entryOf('/settings')?.key).toBe('corp')
  expect(entryOf('/settings/sync')?.key).toBe('sync')
  expect(entryOf('/nowhere')).toBeUndefined()
})

test('a page is closed to who may not read it, may not write it, or does not see the whole corp', () => {
  const reads = (p: string) => p.endsWith('.read')
  const why = (path: string, can: (p: string) => boolean, scope: 'own' | 'all' = 'all') => closed(path, can, scope)?.why
  expect(why('/broadcasts/b1', () => false)).toBe('role')
  expect(why('/broadcasts/b1', reads)).toBeUndefined()
  expect(why('/broadcasts/b1/edit', reads)).toBe('write')
  expect(why('/broadcasts/new', reads)).toBe('write')
  expect(why('/welcomes/new', () => true)).toBeUndefined()
  expect(why('/settings/doctor', reads, 'own')).toBe('scope')
  expect(why('/', () => false, 'own')).toBeUndefined()
  expect(why('/nowhere', () => false)).toBeUndefined()
})
