// How the register and what was erased are grouped for reading. Pure.
import type { DataTable, PrivacyRegister } from '../../api/types'

export interface Purpose { id: string; name: string; tables: DataTable[] }

/** The tables about somebody, by purpose, in the order of the purposes; purposes without tables are left out. */
export function byPurpose(register: PrivacyRegister, about: DataTable['about']): Purpose[] {
  const of = register.tables.filter((t) => t.about === about)
  return register.purposes.map((p) => ({ ...p, tables: of.filter((t) => t.purpose === p.id) })).filter((p) => p.tables.length > 0)
}

export interface Removed { sum: number; gone: Row[]; counted: Row[]; run: Row[] }
interface Row { table: string; title: string; n: number }

/** What an erasure did: rows that are gone, rows that stay for counting without the person, and the platform's own of the last days; the most first. */
export function removed(rows: Record<string, number>, tables: DataTable[]): Removed {
  const known = new Map(tables.map((t) => [t.table, t]))
  const out: Removed = { sum: 0, gone: [], counted: [], run: [] }
  for (const [table, n] of Object.entries(rows).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))) {
    const t = known.get(table)
    out.sum += n
    const into = t?.erase === 'stub' || t?.erase === 'ledger' ? out.counted : t?.keep === 'run' ? out.run : out.gone
    into.push({ table, title: t?.title ?? table, n })
  }
  return out
}

/** The name that stands in the place of somebody who was erased. */
export const isGone = (customer: string | undefined) => !customer || customer.startsWith('gone:')
