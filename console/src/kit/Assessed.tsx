// Which impact assessments a mass message or Moment needs, and rests on (LAW-17).
import type { Assessed as Needs } from '../api/types'
import { useFormat, useWords } from '../i18n/i18n'
import { A } from './A'
import { RuleId } from './marks'
import { w } from './words'

export function Assessed({ of: a }: { of: Needs }) {
  const t = useWords(w)
  const { lang } = useFormat()
  const missing = a.needs.filter((n) => !n.covered).map((n) => n.name).join(lang === 'zh' ? '、' : ', ')
  return <>{missing ? <span className="held">{t('assessedMissing', { kinds: missing })}</span> : t('assessedBy', { numbers: a.numbers.join(' ') })} <A to="/assessments">{t('assessedSee')}</A> <RuleId id="LAW-17" /></>
}
