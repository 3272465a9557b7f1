import { expect, test } from 'vitest'
import { entryOf } from './nav'

test('a path belongs to its longest entry', () => {
  expect(entryOf('/')?.key).toBe('home')
  expect(entryOf('/customers/wm1')?.key).toBe('customers')
  expect(entryOf('/settings')?.key).toBe('corp')
  expect(entryOf('/settings/sync')?.key).toBe('sync')
  expect(entryOf('/nowhere')).toBeUndefined()
})
