import { expect, test } from 'vitest'
import { fieldOf, pathOf, wordsAt } from './atField'

test('a fault is shown at the field it names, or at the first inside of it', () => {
  const fields = [['name'], ['patterns', 0, 'kind'], ['patterns', 0, 'value'], ['patterns', 1, 'value'], ['answer', 'text']]
  expect(pathOf('body.patterns[1].value')).toEqual(['patterns', 1, 'value'])
  expect(fieldOf('body.name', fields)).toEqual(['name'])
  expect(fieldOf('body.patterns[1].value', fields)).toEqual(['patterns', 1, 'value'])
  expect(fieldOf('body.answer', fields)).toEqual(['answer', 'text'])
  expect(fieldOf('body.answer.as', fields)).toBeUndefined()
  expect(fieldOf('body.unknown', fields)).toBeUndefined()
})

test('the name of the field is left out beside its label', () => {
  expect(wordsAt({ location: 'body.name', message: 'name：最多 50 个字符。' })).toBe('最多 50 个字符。')
  expect(wordsAt({ location: 'body.name', message: 'name: at most 50 characters.' })).toBe('at most 50 characters.')
  expect(wordsAt({ location: 'body.text', message: '文字最多 4000 字节：超出 2 字节。' })).toBe('文字最多 4000 字节：超出 2 字节。')
})
