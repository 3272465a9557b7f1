// What is stored of persons, why, for how long, and what becomes of it when one is erased.
import { Fragment } from 'react'
import { useGet } from '../../api/queries'
import type { DataTable, PrivacyRegister } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { Panel } from '../../kit/Page'
import { RuleId } from '../../kit/marks'
import { Ready } from '../../kit/states'
import { field } from './fieldWords'
import { byPurpose } from './group'
import { PeriodsCard } from './PeriodsCard'
import { Room } from './Room'
import { w } from './words'

export function Register() {
  return <Room at="/privacy">{() => <Body />}</Room>
}

function Body() {
  const register = useGet<PrivacyRegister>('/privacy/register')
  return (
    <Ready query={register} rows={12}>{(d) => (
      <div className="cols">
        <div className="stack"><About register={d} about="customer" /><About register={d} about="member" /><Corp register={d} /></div>
        <PeriodsCard key={d.version} register={d} />
      </div>
    )}</Ready>
  )
}

function About({ register, about }: { register: PrivacyRegister; about: 'customer' | 'member' }) {
  const t = useWords(w)
  const groups = byPurpose(register, about)
  const n = groups.reduce((sum, g) => sum + g.tables.length, 0)
  const erased = about === 'customer'
  return (
    <Panel title={t(`about_${about}`)} sub={t('kinds', { n })} actions={<RuleId id="LAW-05" />}>
      {!erased && <p className="s12 mute">{t('memberText')}</p>}
      <div style={{ overflowX: 'auto' }}>
        <table className="plain-table register">
          <thead><tr><th style={{ width: erased ? '32%' : '60%' }}>{t('what')}</th><th>{t('kept')}</th>{erased && <th style={{ width: '33%' }}>{t('onErase')}</th>}</tr></thead>
          {groups.map((g) => (
            <tbody key={g.id}>
              <tr className="purpose"><td colSpan={erased ? 3 : 2}>{g.name}</td></tr>
              {g.tables.map((x) => (
                <tr key={x.table}>
                  <td><Columns of={x} /></td>
                  <td className="second">{x.kept}</td>
                  {erased && <td>{t(x.erase ? `e_${x.erase}` : 'e_none')}</td>}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
    </Panel>
  )
}

/** A kind of data; what is in it, and how it is called in the database, is folded away. */
function Columns({ of: x }: { of: DataTable }) {
  const t = useWords(w)
  const f = useFormat()
  return (
    <details>
      <summary>{x.title}</summary>
      <div>
        <p>{t('personal', { fields: f.list([...new Set(x.personal.map((c) => field(c, f.lang)))]) || t('nothingPersonal') })}</p>
        {x.other.length > 0 && <p>{t('other', { n: x.other.length })}</p>}
        <p className="rule">{t('stored', { table: `${x.table} (${[...x.personal, ...x.other].join(', ')})` })}</p>
      </div>
    </details>
  )
}

function Corp({ register }: { register: PrivacyRegister }) {
  const t = useWords(w)
  const f = useFormat()
  const all = byPurpose(register, 'corp').flatMap((g) => g.tables)
  return (
    <Panel title={t('about_corp')} sub={t('kinds', { n: all.length })}>
      <p className="s13 second">{t('corpText')}</p>
      <details className="register" style={{ marginTop: 6 }}>
        <summary className="s13">{t('columns')}</summary>
        <div className="s13">{all.map((x, i) => <Fragment key={x.table}>{i > 0 && f.list(['', ''])}{x.title}</Fragment>)}</div>
      </details>
    </Panel>
  )
}
