import { describe, expect, test } from 'vitest'
import { sayIn, words, type Words } from './i18n'

const rooms = import.meta.glob<Record<string, unknown>>(['../**/words.ts'], { eager: true })
const isWords = (value: unknown): value is Words => typeof value === 'object' && value !== null && Object.values(value).every((v) => Array.isArray(v) && v.length === 2)
const names = (s: string) => [...new Set([...s.matchAll(/(?<!(?:plural, |\} )(?:one|other|=\d) )\{(\w+)(?:,\s*plural,|\})/g)].map((m) => m[1] ?? ''))].sort()
const tags = (s: string) => [...new Set([...s.matchAll(/<(\w+)>/g)].map((m) => m[1] ?? ''))].sort()

describe('every word of the console', () => {
  const all = Object.entries(rooms).flatMap(([file, mod]) => Object.values(mod).filter(isWords).flatMap((w) => Object.entries(w).map(([key, pair]) => ({ where: `${file} ${key}`, zh: pair[0], en: pair[1] }))))
  test('was found', () => expect(all.length).toBeGreaterThan(100))
  test.each(all)('$where', ({ where, zh, en }) => {
    expect(zh.trim()).not.toBe('')
    expect(en.trim()).not.toBe('')
    // The language switch is the one word shown in the other language.
    if (!where.endsWith(' switchLang')) expect(en).not.toMatch(/[\u3400-\u9fff]/)
    expect(names(en)).toEqual(names(zh))
    expect(tags(en)).toEqual(tags(zh))
    expect(zh + en).not.toMatch(/[!！]|抱歉|操作成功|用户|粉丝/)
    // A space between Han and Latin or figures, none around full-width punctuation.
    expect(zh.replace(/[{<][^}>]*[}>]/g, '')).not.toMatch(/[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/)
  })
})

describe('messages', () => {
  const w = words({
    rows: ['已显示 {n} 位', '{n, plural, =0 {No customers shown} one {# customer shown} other {# customers shown}}'],
    bold: ['共 <b>{n}</b> 位', '<b>{n}</b> in all'],
  })
  test('arguments and plurals', () => {
    expect(sayIn(w, 'zh')('rows', { n: 1234 })).toBe('已显示 1,234 位')
    expect(sayIn(w, 'en')('rows', { n: 0 })).toBe('No customers shown')
    expect(sayIn(w, 'en')('rows', { n: 1 })).toBe('1 customer shown')
    expect(sayIn(w, 'en')('rows', { n: 1234 })).toBe('1,234 customers shown')
  })
  test('tags are kept as elements and dropped from plain text', () => expect(sayIn(w, 'zh')('bold', { n: 3 })).toBe('共 3 位'))
})
