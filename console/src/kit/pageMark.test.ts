import { expect, test } from 'vitest'
import { insertAt, pageMark, seen } from './pageMark'

test('a mark goes where the cursor is, and a customer sees an address in its place', () => {
  expect(insertAt('看这里：。', pageMark, 4)).toBe('看这里：{历史页}。')
  expect(insertAt('', pageMark, 0)).toBe(pageMark)
  expect(seen('看 {历史页} 和 {历史页}', 'https://a.example/z/')).toBe('看 https://a.example/z/p/moments/… 和 https://a.example/z/p/moments/…')
  expect(seen('我是{员工}', 'https://a.example', '小林')).toBe('我是小林')
  expect(seen('没有', 'https://a.example')).toBe('没有')
})
