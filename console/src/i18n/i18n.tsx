// Words live beside the page that says them, Chinese and English in one row: a missing language does not compile.
import { createContext, Fragment, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import { corpNow } from './clock'
import * as f from './format'
import { pieces, type Arg, type Args, type Names } from './message'

export type Words = Record<string, readonly [zh: string, en: string]>
type Given<S extends string> = [Names<S>] extends [never] ? [args?: Args] : [args: Record<Names<S>, Arg> & Args]
export interface Say<W extends Words> {
  <K extends keyof W & string>(key: K, ...args: Given<W[K][0]>): string
  /** The same with nodes as arguments and tags kept as elements. */
  rich<K extends keyof W & string>(key: K, ...args: Given<W[K][0]>): ReactNode
}

/** Fixes the words of a page in their exact text, so that arguments can be checked. */
export const words = <const W extends Words>(w: W): W => w

export function sayIn<W extends Words>(w: W, lang: f.Lang): Say<W> {
  const find = (key: string) => w[key]?.[lang === 'zh' ? 0 : 1] ?? key
  const say = (key: string, args?: Args) => pieces(find(key), args ?? {}, lang).map((p) => (typeof p === 'string' ? p : flat(p))).join('')
  const rich = (key: string, args?: Args) => pieces(find(key), args ?? {}, lang).map((p, i) => <Fragment key={i}>{p}</Fragment>)
  return Object.assign(say, { rich })
}

function flat(node: ReactNode): string {
  if (typeof node === 'string' || typeof node === 'number') return String(node)
  if (Array.isArray(node)) return node.map((n: ReactNode) => flat(n)).join('')
  if (node && typeof node === 'object' && 'props' in node) return flat((node.props as { children?: ReactNode }).children)
  return ''
}

interface LangState { lang: f.Lang; setLang(lang: f.Lang): void; zone: string; setZone(zone: string): void }
const LangContext = createContext<LangState | null>(null)
const first = (): f.Lang => {
  const kept = localStorage.getItem('zhiyin.lang')
  if (kept === 'zh' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

/** What Accept-Language says; read by the API client, outside React. */
export const locale = () => (document.documentElement.lang === 'en' ? 'en-US' : 'zh-CN')

export function LangProvider({ children }: { children: ReactNode }) {
  const [lang, set] = useState(() => {
    const lang = first()
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en'
    return lang
  })
  const [zone, setZone] = useState('Asia/Shanghai')
  useEffect(() => { document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en' }, [lang])
  const value = useMemo<LangState>(() => ({
    lang, zone, setZone,
    setLang(next) {
      localStorage.setItem('zhiyin.lang', next)
      document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
      set(next)
    },
  }), [lang, zone])
  return <LangContext value={value}>{children}</LangContext>
}

export function useLang(): LangState {
  const state = use(LangContext)
  if (!state) throw new Error('useLang outside LangProvider')
  return state
}

export function useWords<W extends Words>(w: W): Say<W> {
  const { lang } = useLang()
  return useMemo(() => sayIn(w, lang), [w, lang])
}

/** The formats of format.ts in the language and zone of now. */
export function useFormat() {
  const { lang, zone } = useLang()
  return useMemo(() => ({
    lang, zone, exact: f.exact, rate: f.rate,
    count: (n: number | null | undefined) => f.count(n, lang),
    perMille: (harm: number, of: number) => f.perMille(harm, of, lang),
    change: (n: number | null | undefined) => f.change(n, lang),
    faster: (n: number | null | undefined) => f.faster(n, lang),
    duration: (s: number | null | undefined) => f.duration(s, lang),
    durationParts: (s: number) => f.durationParts(s, lang),
    clock: (at?: string | Date | null) => f.clock(at, lang, zone),
    moment: (at?: string | Date | null) => f.moment(at, lang, zone, new Date(corpNow())),
    date: (at?: string | Date | null) => f.date(at, lang, zone, new Date(corpNow())),
    longDate: (at?: string | Date | null) => f.longDate(at, lang, zone),
    when: (at?: string | Date | null) => f.when(at, lang, zone, new Date(corpNow())),
    isoDay: (at: Date) => f.isoDay(at, zone),
    dayStart: (day: string, plus = 0) => f.dayStart(day, zone, plus),
    list: (items: string[]) => items.join(lang === 'zh' ? '、' : ', '),
  }), [lang, zone])
}
