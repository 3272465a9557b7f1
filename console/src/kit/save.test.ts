import { expect, test } from 'vitest'
import { fileName } from './save'

test('a file\'s name is one that every file system takes', () => {
  expect(fileName('个人信息-青柠 07-2026-11-24.json')).toBe('个人信息-青柠-07-2026-11-24.json')
  expect(fileName('../a/b:c?.json')).toBe('-a-b-c-.json')
  expect(fileName('')).toBe('file')
})
