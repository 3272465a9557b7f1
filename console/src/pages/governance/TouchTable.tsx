// Touches as rows; the full ledger list and a customer's page share the columns.
import { useList } from '../../api/queries'
import type { Query } from '../../api/client'
import type { Touch, TouchState } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { HeldMark, RuleId, State, type Tone } from '../../kit/marks'
import { Empty, Failed, Skeleton } from '../../kit/states'
import { w } from './words'

const tones: Record<TouchState, Tone> = { held: 'held', reserved: 'plain', tasked: 'warn', delivered: 'ok', committed: 'ok', released: 'plain' }

export function TouchStateTag({ touch }: { touch: Pick<Touch, 'state' | 'late' | 'reason'> }) {
  const t = useWords(w)
  return (
    <span className="row" style={{ gap: 6 }}>
      <State tone={tones[touch.state]}>{touch.state === 'held' && <Icon name="held" size={12} />}{t(`s_${touch.state}`)}</State>
      {touch.late && <State tone="harm">{t('late')}</State>}
    </span>
  )
}

/** Why it was held, in the customer's terms, with the rule. */
export function HeldReason({ touch }: { touch: Pick<Touch, 'state' | 'reason' | 'rule_id'> }) {
  if (touch.state !== 'held') return null
  return <span className="row" style={{ gap: 8 }}><HeldMark>{touch.reason}</HeldMark><RuleId id={touch.rule_id} /></span>
}

export function TouchTable({ query }: { query: Query }) {
  const t = useWords(w)
  const f = useFormat()
  const list = useList<Touch>('/touches', query)
  const many = query.customer === undefined
  if (list.error && !list.data) return <Failed error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Skeleton rows={6} />
  const rows = list.data.pages.flatMap((p) => p.items)
  if (rows.length === 0) return <Empty title={t('noneFor')} />
  return (
    <>
      <table className="plain-table">
        <thead><tr><th>{t('at')}</th>{many && <th>{t('customer')}</th>}<th>{t('text')}</th><th>{t('state')}</th><th>{t('campaign')}</th><th /></tr></thead>
        <tbody>
          {rows.map((x) => (
            <tr key={x.id}><td className="nowrap">{f.moment(x.at)}</td>{many && <td className="nowrap">{x.customer ? <A to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name}</A> : '—'}</td>}<td><div className="cut" style={{ maxWidth: 260 }} title={x.text}>{x.text}</div><HeldReason touch={x} /></td><td><TouchStateTag touch={x} /></td><td className="nowrap">{x.campaign?.name ?? '—'}</td><td className="right nowrap"><A to={`/touches/${encodeURIComponent(x.id)}`}>{t('why')}</A></td></tr>
          ))}
        </tbody>
      </table>
      {list.hasNextPage && <button type="button" className="linky" onClick={() => void list.fetchNextPage()}>{t('more')}</button>}
    </>
  )
}
