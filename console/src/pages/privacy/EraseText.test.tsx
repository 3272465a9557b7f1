import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, expect, test, vi } from 'vitest'
import type { CustomerDetail } from '../../api/types'
import { LangProvider } from '../../i18n/i18n'
import { EraseText, typed } from './EraseText'

afterEach(() => vi.unstubAllGlobals())

function shown(lang: 'zh' | 'en', relations?: CustomerDetail['relations']): string {
  vi.stubGlobal('localStorage', { getItem: () => lang, setItem: () => {} })
  vi.stubGlobal('document', { documentElement: { lang: '' } })
  return renderToStaticMarkup(<LangProvider><EraseText relations={relations} /></LangProvider>)
}

const knows = (name: string, live: boolean) => ({ staff: { id: `id of ${name}`, name }, live }) as CustomerDetail['relations'][number]

test('the members who still have the person are named, and nobody else', () => {
  const relations = [knows('周舟', true), knows('林木', false), knows('', true)]
  const zh = shown('zh', relations)
  expect(zh).toContain('请 周舟、id of  自己在企业微信里删')
  expect(zh).not.toContain('林木')
  expect(shown('en', relations)).toContain('周舟, id of  must delete them there')
})

test('where they are not known it is said all the same, with what goes, what stays and that it is final', () => {
  expect(shown('zh')).toMatch(/会删掉.*会留下.*带密钥的哈希.*次数.*审计里的编号.*营销马上停.*加过他的成员.*删了找不回来/)
  expect(shown('en')).toMatch(/What goes.*What stays.*keyed hash.*counts.*audit log.*Marketing stops at once.*members who have them.*cannot be undone/)
})

test('what is typed is the name, and the id of who has none', () => {
  expect(typed(' 青柠 07 ', 'wm1')).toBe('青柠 07')
  expect(typed('', 'wm1')).toBe('wm1')
  expect(typed(undefined, 'wm1')).toBe('wm1')
})
