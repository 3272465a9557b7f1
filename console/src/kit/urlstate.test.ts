import { expect, test } from 'vitest'
import { change, many, one, parseSearch, stringifySearch } from './urlstate'

test('a link says the same after a round trip', () => {
  for (const text of ['', '?q=%E9%9D%92%E6%9F%A0', '?tag=a&tag=b&sort=-added', '?after=MTIz&open=w1']) expect(stringifySearch(parseSearch(text))).toBe(text)
})

test('one and several values are both read', () => {
  const s = parseSearch('?tag=a&tag=b&q=x')
  expect(many(s, 'tag')).toEqual(['a', 'b'])
  expect(many(s, 'q')).toEqual(['x'])
  expect(one(s, 'tag')).toBe('a')
  expect(one(s, 'none')).toBe('')
  expect(many(s, 'none')).toEqual([])
})

test('a new filter drops the cursor, an opened drawer keeps it', () => {
  const s = parseSearch('?q=x&after=c9')
  expect(change(s, { tag: ['a'] })).toEqual({ q: 'x', tag: 'a' })
  expect(change(s, { open: 'w1' })).toEqual({ q: 'x', after: 'c9', open: 'w1' })
})

test('empty values leave the link', () => {
  expect(stringifySearch(change(parseSearch('?q=x&tag=a'), { q: '', tag: [] }))).toBe('')
})

test('numbers and yes stay text: nothing is guessed', () => {
  expect(parseSearch('?id=007&x=true')).toEqual({ id: '007', x: 'true' })
})
