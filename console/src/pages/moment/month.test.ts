import { expect, test } from 'vitest'
import { isMonth, monthAfter, weeksOf } from './month'

test('a month is shown in whole weeks from Monday on', () => {
  const weeks = weeksOf('2026-11')
  expect(weeks[0]?.[0]).toBe('2026-10-26')
  expect(weeks.at(-1)?.at(-1)).toBe('2026-12-06')
  expect(weeksOf('2027-02')).toHaveLength(4)
})

test('the month after December is in the next year', () => {
  expect(monthAfter('2026-12', 1)).toBe('2027-01')
  expect(monthAfter('2026-01', -1)).toBe('2025-12')
})

test('what is no month is not taken from the address', () => {
  expect(['2026-11', '2026-13', 'x', ''].map(isMonth)).toEqual([true, false, false, false])
})
