// Messages: the part of ICU MessageFormat that the console needs, plus tags.
//   {name}                                     an argument; numbers are grouped
//   {n, plural, =0 {none} one {# row} other {# rows}}
//   <b>text</b>                                bold; <a>text</a> is given by the argument `a`, a function of the inner text
import { createElement, Fragment, type ReactNode } from 'react'
import { count, type Lang } from './format'

export type Arg = ReactNode | ((inner: ReactNode) => ReactNode)
export type Args = Record<string, Arg>

/** The names a message asks for, read from its text: a caller that forgets one does not compile. */
export type Names<S extends string> =
  | (S extends `${string}{${infer N}}${infer R}` ? (N extends `${infer P},${string}` ? P : N) | Names<R> : never)

export function pieces(message: string, args: Args, lang: Lang, hash?: string): ReactNode[] {
  const out: ReactNode[] = []
  let text = ''
  const flush = () => { if (text) out.push(text); text = '' }
  for (let i = 0; i < message.length; ) {
    const ch = message[i]
    if (ch === '{') {
      const end = closing(message, i)
      const inner = message.slice(i + 1, end)
      const plural = /^(\w+),\s*plural,\s*([\s\S]*)$/.exec(inner)
      if (plural) {
        const n = Number(args[plural[1] ?? ''])
        for (const part of pieces(choose(plural[2] ?? '', n, lang), args, lang, count(n, lang))) {
          if (typeof part === 'string') text += part
          else { flush(); out.push(part) }
        }
      } else {
        const value = args[inner]
        if (typeof value === 'number') text += count(value, lang)
        else if (typeof value === 'string') text += value
        else if (typeof value !== 'function') { flush(); out.push(value) }
      }
      i = end + 1
    } else if (ch === '<') {
      const tag = /^<(\w+)>/.exec(message.slice(i))?.[1] ?? ''
      const end = message.indexOf(`</${tag}>`, i)
      if (!tag || end < 0) { text += '<'; i++; continue }
      flush()
      const inner = pieces(message.slice(i + tag.length + 2, end), args, lang, hash)
      const wrap = args[tag]
      out.push(typeof wrap === 'function' ? wrap(createElement(Fragment, null, ...inner)) : createElement('b', null, ...inner))
      i = end + tag.length + 3
    } else {
      text += ch === '#' && hash !== undefined ? hash : ch
      i++
    }
  }
  flush()
  return out
}

/** Index of the brace that closes the one at `open`. */
function closing(message: string, open: number): number {
  let depth = 0
  for (let i = open; i < message.length; i++) {
    if (message[i] === '{') depth++
    else if (message[i] === '}' && --depth === 0) return i
  }
  throw new Error(`message with an open brace: ${message}`)
}

function choose(options: string, n: number, lang: Lang): string {
  const found = new Map<string, string>()
  for (let i = 0; i < options.length; ) {
    const open = options.indexOf('{', i)
    if (open < 0) break
    const end = closing(options, open)
    found.set(options.slice(i, open).trim(), options.slice(open + 1, end))
    i = end + 1
  }
  const rule = new Intl.PluralRules(lang).select(n)
  return found.get(`=${n}`) ?? found.get(rule) ?? found.get('other') ?? ''
}
