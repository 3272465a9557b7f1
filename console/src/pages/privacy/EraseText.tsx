// What erasing a person means, said before it is done: what goes, what stays, what the members still have to do in WeCom.
import { Input } from 'antd'
import type { CustomerDetail } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { w } from './words'

export function EraseText({ relations = [] }: { relations?: CustomerDetail['relations'] }) {
  const t = useWords(w)
  const f = useFormat()
  const names = relations.filter((r) => r.live).map((r) => r.staff.name || r.staff.id)
  return (
    <div className="stack s13 erase" style={{ gap: 10 }}>
      <div><h3>{t('goes')}</h3><p className="second">{t('goesText')}</p></div>
      <div><h3>{t('stays')}</h3><ul className="bullets second"><li>{t('staysHash')}</li><li>{t('staysCounts')}</li><li>{t('staysLog')}</li></ul></div>
      <p className="second">{t('atOnce')}</p>
      <p className="warn">{names.length > 0 ? t('inWecom', { names: f.list(names) }) : t('inWecomAnyone')}</p>
      <p className="b">{t('noUndo')}</p>
    </div>
  )
}

/** What a person types so that nobody is erased by a slip: the name, and without one the id. */
export const typed = (name: string | undefined, id: string) => name?.trim() || id

export function TypeName({ word, value, onChange }: { word: string; value: string; onChange: (text: string) => void }) {
  const t = useWords(w)
  return <label><span className="second s13">{t('typeName', { name: word })}</span><Input value={value} autoComplete="off" onChange={(e) => onChange(e.target.value)} /></label>
}
