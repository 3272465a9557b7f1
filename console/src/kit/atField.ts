// What the server refuses about one field stands at that field; what belongs to none is a notice (kit/fail).
import type { FormInstance } from 'antd'
import { useCallback } from 'react'
import type { ApiError } from '../api/client'
import { bytes } from '../i18n/format'
import { useWords } from '../i18n/i18n'
import { useFail } from './fail'
import { w } from './words'

export interface Fault { location: string; message: string }
type Path = (string | number)[]

/** `body.patterns[0].value` as antd names it. */
export const pathOf = (location: string): Path => location.replace(/^body\./, '').split(/[.[\]]+/).filter(Boolean).map((part) => (/^\d+$/.test(part) ? Number(part) : part))

/** The field of a form that a fault is about: the one it names, else the first inside of what it names. */
export function fieldOf(location: string, fields: Path[]): Path | undefined {
  const path = pathOf(location)
  const within = (name: Path) => path.every((part, i) => String(name[i]) === String(part))
  return fields.find((name) => name.length === path.length && within(name)) ?? fields.find(within)
}

/** The words without the field's own name before them: it stands beside its label. */
export const wordsAt = (fault: Fault) => fault.message.replace(/^[\w.[\]]+[：:]\s*/, '')

/** Whether a refusal is only about what MessageEditor shows, the text and its attachments. */
export const ofMessage = (error: ApiError) => error.fields.length > 0 && error.fields.every((x) => /^body\.(text|attachments)/.test(x.location))

/** A rule for texts that WeCom counts in bytes; nothing typed is cut off. */
export function useAtMost(): (limit: number) => { validator: (_: unknown, text?: string) => Promise<void> } {
  const t = useWords(w)
  return useCallback((limit) => ({ validator: async (_, text = '') => { if (bytes(text) > limit) throw new Error(t('over', { n: bytes(text) - limit })) } }), [t])
}

/** Shows a refusal at the fields of an antd form, and the rest as a notice. */
export function useAtForm<T>(form: FormInstance<T>): (error: ApiError) => void {
  const fail = useFail()
  return useCallback((error) => {
    const fields = form.getFieldsError().map((f) => f.name as Path)
    const placed = error.fields.flatMap((fault) => { const name = fieldOf(fault.location, fields); return name ? [{ name, errors: [wordsAt(fault)] }] : [] })
    if (placed.length === 0 || placed.length < error.fields.length) { fail(error); if (placed.length === 0) return }
    form.setFields(placed as Parameters<typeof form.setFields>[0])
    const first = placed[0]
    if (first) form.scrollToField(first.name as Parameters<typeof form.scrollToField>[0], { block: 'center' })
  }, [form, fail])
}
