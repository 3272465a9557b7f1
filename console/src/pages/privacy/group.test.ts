import { expect, test } from 'vitest'
import type { DataTable, PrivacyRegister } from '../../api/types'
import { byPurpose, isGone, removed } from './group'

const table = (name: string, about: DataTable['about'], purpose: string, erase?: DataTable['erase'], keep: DataTable['keep'] = 'contact'): DataTable => ({ table: name, title: `the ${name}`, about, purpose, keep, kept: '', erase, personal: ['id'], other: [] })
const tables = [table('customer', 'customer', 'service', 'delete'), table('touch', 'customer', 'care', 'ledger', 'record'), table('kf_message', 'customer', 'service', 'stub', 'words'), table('work', 'customer', 'operation', 'delete', 'run'), table('staff', 'member', 'service')]
const register = { purposes: [{ id: 'service', name: 'Service' }, { id: 'marketing', name: 'Marketing' }, { id: 'care', name: 'Care' }, { id: 'operation', name: 'Operation' }], tables } as PrivacyRegister

test('tables stand under their purposes, in their order, and none is lost', () => {
  const groups = byPurpose(register, 'customer')
  expect(groups.map((g) => [g.name, g.tables.map((x) => x.table)])).toEqual([['Service', ['customer', 'kf_message']], ['Care', ['touch']], ['Operation', ['work']]])
  expect(byPurpose(register, 'member').flatMap((g) => g.tables.map((x) => x.table))).toEqual(['staff'])
  expect(byPurpose(register, 'corp')).toEqual([])
})

test('what was removed is told by titles, apart from what is only counted and from the platform at work', () => {
  const r = removed({ touch: 4, customer: 1, kf_message: 9, work: 3, old_table: 2 }, tables)
  expect(r.sum).toBe(19)
  expect(r.gone.map((x) => [x.title, x.n])).toEqual([['old_table', 2], ['the customer', 1]])
  expect(r.counted.map((x) => [x.title, x.n])).toEqual([['the kf_message', 9], ['the touch', 4]])
  expect(r.run.map((x) => x.table)).toEqual(['work'])
  expect(removed({}, tables).sum).toBe(0)
})

test('who was erased has no page', () => {
  expect(isGone('gone:abc')).toBe(true)
  expect(isGone(undefined)).toBe(true)
  expect(isGone('wm1')).toBe(false)
})
