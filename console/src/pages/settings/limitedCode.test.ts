import { expect, test } from 'vitest'
import { limitedCode } from './limitedCode'

test('a code is read out of a number or an answer', () => {
  expect(limitedCode(' 99001 ')).toBe(99001)
  expect(limitedCode('-2')).toBe(-2)
  expect(limitedCode('{"errcode":99001,"errmsg":"account limited, hint: [1718]"}')).toBe(99001)
  expect(limitedCode('errcode: 99001')).toBe(99001)
  expect(limitedCode('errcode 99001')).toBe(99001)
})

test('success, words and what is no code are none', () => {
  for (const text of ['', '0', '{"errcode":0,"errmsg":"ok"}', '账号受限', '13800138000', 'errcode 13800138000', '99001 99002', '1.5']) expect(limitedCode(text), text).toBeUndefined()
})
