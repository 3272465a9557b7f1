// A notice as it is written: every purpose has a text, and those that are chosen are published.
import type { PrivacyNoticeBody, Purpose } from '../../api/types'

export const parts = ['who', 'how', 'keep', 'rights'] as const
export type Part = (typeof parts)[number]
export interface Text { zh: string; en?: string }
export interface Draft { parts: Record<Part, Text>; purposes: Record<string, Text>; named: string[]; again: boolean; changes: string }

/** What the writer begins with: the words in force, or none. */
export function draftOf(purposes: Purpose[], was?: PrivacyNoticeBody): Draft {
  const texts = Object.fromEntries(purposes.map((p) => [p.id, was?.purposes.find((x) => x.id === p.id)?.text ?? { zh: '' }]))
  return {
    parts: { who: was?.who ?? { zh: '' }, how: was?.how ?? { zh: '' }, keep: was?.keep ?? { zh: '' }, rights: was?.rights ?? { zh: '' } },
    purposes: texts, named: was ? was.purposes.map((x) => x.id) : purposes.filter((p) => p.must).map((p) => p.id), again: false, changes: '',
  }
}

/** What is published: the chosen purposes in the order of the register, and no empty English. */
export function published(purposes: Purpose[], d: Draft): PrivacyNoticeBody {
  const text = (x: Text = { zh: '' }): Text => ({ zh: x.zh.trim(), ...(x.en?.trim() ? { en: x.en.trim() } : {}) })
  return {
    who: text(d.parts.who), how: text(d.parts.how), keep: text(d.parts.keep), rights: text(d.parts.rights),
    purposes: purposes.filter((p) => p.must || d.named.includes(p.id)).map((p) => ({ id: p.id, text: text(d.purposes[p.id]) })),
  }
}

/** The purposes that stop when this is published. */
export const unnamed = (purposes: Purpose[], d: Draft): Purpose[] => purposes.filter((p) => !p.must && !d.named.includes(p.id))
