// Small marks that mean one thing everywhere: a person, a state, held back, harm, the string of the contact budget.
import type { ReactNode } from 'react'
import type { Budget, BudgetWindow, CustomerTouchable } from '../api/types'
import { useFormat, useWords } from '../i18n/i18n'
import { Icon } from './Icon'
import { w } from './words'

/** The letter that stands for a name: the last Han character, else the number at its end, else the first letter. */
export function initial(name: string): string {
  if (/[\u3400-\u9fff]/.test(name)) return name.match(/[\u3400-\u9fff]/g)?.at(-1) ?? ''
  return name.match(/\d{1,2}$/)?.[0] ?? name.slice(0, 1).toUpperCase()
}

/** A face: the picture when there is one, else its letter. */
export function Avatar({ name, src, grey = true, size = 28 }: { name: string; src?: string; grey?: boolean; size?: number }) {
  return <span className={`av ${grey ? 'grey' : ''}`} style={{ width: size, height: size, fontSize: size >= 32 ? 14 : 12 }} aria-hidden="true">{src ? <img src={src} alt="" loading="lazy" referrerPolicy="no-referrer" /> : initial(name)}</span>
}

export type Tone = 'ok' | 'held' | 'harm' | 'warn' | 'bad' | 'plain'

export function State({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`tag ${tone}`}>{children}</span>
}

/** Governance held it back: a result, with its own mark. */
export function HeldMark({ children, size = 14 }: { children?: ReactNode; size?: number }) {
  return <span className="mark held"><Icon name="held" size={size} />{children}</span>
}

/** A rule's id from the policy; what has no number there has none to show. */
export function RuleId({ id }: { id?: string }) {
  return id && /\d/.test(id) ? <span className="rule">{id}</span> : null
}

/** Figures that cost customers something; zero is quiet. */
export function Harm({ n, of }: { n: number; of?: number }) {
  const f = useFormat()
  if (n === 0) return <span className="mute">0</span>
  return <span className="harm">{f.count(n)}{of !== undefined && of > 0 && <span className="s12" style={{ display: 'block' }}>{f.perMille(n, of)}</span>}</span>
}

export function HeldCount({ n }: { n: number }) {
  const f = useFormat()
  return n === 0 ? <span className="mute">0</span> : <span className="held">{f.count(n)}</span>
}

/** The string: filled = used, hollow = left, indigo = full. Above 12 marks it is drawn by tenths. */
export function BudgetString({ used, cap, days }: { used: number; cap: number; days: number }) {
  const t = useWords(w)
  const marks = Math.min(cap, 12)
  const on = cap <= 12 ? used : Math.ceil((used / cap) * marks)
  return (
    <span className={`string ${used >= cap ? 'full' : ''}`} role="img" aria-label={t('budgetLabel', { days, used, cap })}>
      {Array.from({ length: marks }, (_, i) => <i key={i} className={i < on ? 'on' : ''} />)}
    </span>
  )
}

/** The string with its figures, for a row. */
export function BudgetLine({ window: win }: { window: BudgetWindow }) {
  const full = win.used >= win.cap
  return <span className="budget"><BudgetString {...win} /><span className={full ? 'full' : 'second'}>{win.used} / {win.cap}</span></span>
}

/** What a list shows of a customer's budget: the 7-day window, or that nothing is sent any more. */
export function BudgetCell({ customer }: { customer: CustomerTouchable }) {
  const t = useWords(w)
  if (customer.optout.state === 'all') return <span className="mute">{t('untouched')}</span>
  const week = customer.budget.windows.find((x) => x.days === 7) ?? customer.budget.windows[0]
  return week ? <BudgetLine window={week} /> : <span className="mute">—</span>
}

/** All windows of a customer, with what is possible next. */
export function BudgetTable({ budget }: { budget: Budget }) {
  const t = useWords(w)
  const f = useFormat()
  return (
    <div className="budgets">
      {budget.windows.map((x) => {
        const full = x.used >= x.cap
        return [
          <span key={`l${x.days}`} className="second">{x.days === 1 ? t('today') : t('days', { n: x.days })}</span>,
          <BudgetString key={`s${x.days}`} {...x} />,
          <span key={`v${x.days}`} className={`v nowrap ${full ? 'held b' : ''}`}>{full ? t('budgetFull', { used: x.used, cap: x.cap }) : t('budgetOf', { used: x.used, cap: x.cap })}</span>,
        ]
      })}
      {budget.full && budget.next_at && <p className="s12 second" style={{ gridColumn: '1 / -1' }}>{t('next', { time: f.moment(budget.next_at) })}</p>}
    </div>
  )
}

export function TagList({ tags, max = 3 }: { tags: { id: string; name: string }[] | null; max?: number }) {
  const all = tags ?? []
  return <span className="tags one">{all.slice(0, max).map((t) => <span key={t.id} className="tag">{t.name}</span>)}{all.length > max && <span className="mute s12" title={all.slice(max).map((t) => t.name).join('、')}>+{all.length - max}</span>}</span>
}
