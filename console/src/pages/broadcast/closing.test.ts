import { expect, test } from 'vitest'
import { closed, room } from './closing'

test('a message ends with the line that the platform adds, and the line takes its room', () => {
  expect(closed('秋款到店', '退订：https://x.example/p')).toBe('秋款到店\n退订：https://x.example/p')
  expect(closed('', '退订')).toBe('退订')
  expect(closed('秋款到店')).toBe('秋款到店')
  expect(room(4000, '退订')).toBe(4000 - 7)
  expect(room(4000)).toBe(4000)
})
