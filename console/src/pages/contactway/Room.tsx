// Who of a code has no room for customers.
import type { Contactway } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { State } from '../../kit/marks'
import { w } from './words'

export function Room({ way }: { way: Contactway }) {
  const t = useWords(w)
  const f = useFormat()
  if (way.full) return <div className="s12"><State tone="bad">{t('full')}</State></div>
  if (way.passed.length === 0) return null
  return <div className="s12"><State tone="warn">{t('passed', { names: f.list(way.passed.map((s) => s.name || s.id)) })}</State></div>
}
