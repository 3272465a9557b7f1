import { expect, test } from 'vitest'
import { spans } from './findings'

test('a finding marks its own words, the nearest when they occur twice', () => {
  expect(spans('甲乙丙乙丁', [{ text: '乙', start: 3, severity: 'warn' }])).toEqual([{ text: '甲乙丙' }, { text: '乙', severity: 'warn' }, { text: '丁' }])
})

test('overlapping findings mark once, unknown words never', () => {
  expect(spans('abcd', [{ text: 'bc', start: 1, severity: 'warn' }, { text: 'c', start: 2, severity: 'block' }, { text: 'zz', start: 0, severity: 'block' }])).toEqual([{ text: 'a' }, { text: 'bc', severity: 'warn' }, { text: 'd' }])
  expect(spans('', [])).toEqual([])
})
