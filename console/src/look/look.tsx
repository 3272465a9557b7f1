// Which palette is on: the person's choice, else the system's. The palette becomes the CSS variables of base.css.
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import { fontFamily, looks, phone, shadows, type Look } from './tokens'

export type LookName = keyof typeof looks
export type LookChoice = LookName | 'system'

const kebab = (s: string) => s.replace(/[A-Z]/g, (c) => '-' + c.toLowerCase())

/** The CSS custom properties of a palette, `--paper` to `--chart-4`, with `--phone-*` and the shadow of floating things. */
export function variables(name: LookName, moreContrast: boolean): Record<string, string> {
  const out: Record<string, string> = { '--font': fontFamily, '--shadow': shadows[name] }
  for (const [key, value] of Object.entries(looks[name])) {
    if (typeof value === 'string') out['--' + kebab(key)] = value
    else value.forEach((colour, i) => { out[`--chart-${i + 1}`] = colour })
  }
  for (const [key, value] of Object.entries(phone)) out['--phone-' + kebab(key)] = value
  if (moreContrast) out['--control'] = looks[name].ink3
  return out
}

interface LookState { name: LookName; colours: Look; choice: LookChoice; choose(choice: LookChoice): void }
const LookContext = createContext<LookState | null>(null)
const stored = (): LookChoice => {
  const value = localStorage.getItem('zhiyin.look')
  return value === 'light' || value === 'dark' ? value : 'system'
}

export function LookProvider({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState<LookChoice>(stored)
  const systemDark = useMedia('(prefers-color-scheme: dark)')
  const moreContrast = useMedia('(prefers-contrast: more)')
  const name: LookName = choice === 'system' ? (systemDark ? 'dark' : 'light') : choice
  useEffect(() => {
    const root = document.documentElement
    for (const [key, value] of Object.entries(variables(name, moreContrast))) root.style.setProperty(key, value)
    root.dataset.look = name
    root.style.colorScheme = name
  }, [name, moreContrast])
  const value = useMemo<LookState>(() => ({
    name, choice, colours: looks[name],
    choose(next) {
      if (next === 'system') localStorage.removeItem('zhiyin.look')
      else localStorage.setItem('zhiyin.look', next)
      setChoice(next)
    },
  }), [name, choice])
  return <LookContext value={value}>{children}</LookContext>
}

export function useLook(): LookState {
  const state = use(LookContext)
  if (!state) throw new Error('useLook outside LookProvider')
  return state
}

/** Follows a media query. */
export function useMedia(query: string): boolean {
  const [hit, setHit] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const list = matchMedia(query)
    const follow = () => setHit(list.matches)
    follow()
    list.addEventListener('change', follow)
    return () => list.removeEventListener('change', follow)
  }, [query])
  return hit
}
