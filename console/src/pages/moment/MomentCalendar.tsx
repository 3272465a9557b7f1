// A month of Moments, each on the day it publishes; the month is in the address.
import { Button } from 'antd'
import { useGet } from '../../api/queries'
import type { Moment, Page as PageOf } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { isMonth, monthAfter, weeksOf } from './month'
import { MomentStateTag } from './MomentStateTag'
import { w } from './words'
import './moment.css'

const most = 200

export function MomentCalendar({ to }: { to: (m: Moment) => string }) {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const today = f.isoDay(new Date(corpNow()))
  const asked = url.one('month')
  const month = isMonth(asked) ? asked : today.slice(0, 7)
  const weeks = weeksOf(month)
  const days = weeks.flat()
  const found = useGet<PageOf<Moment>>(`/moments?${new URLSearchParams({ from: f.dayStart(days[0] ?? ''), to: f.dayStart(days.at(-1) ?? '', 1), limit: String(most) }).toString()}`)
  const turn = (by: number) => url.set({ month: monthAfter(month, by) }, { replace: true })
  const [year = '', number = ''] = month.split('-')
  return (
    <Panel
      flush title={t('month', { y: year, m: String(Number(number)) })} sub={t('draftsNote')}
      actions={<><Button size="small" onClick={() => turn(-1)}>{t('monthBefore')}</Button><Button size="small" disabled={month === today.slice(0, 7)} onClick={() => url.set({ month: undefined }, { replace: true })}>{t('thisMonth')}</Button><Button size="small" onClick={() => turn(1)}>{t('monthAfter')}</Button></>}
    >
      <Ready query={found}>{(page) => (
        <>
          <div className="month">
            {t('weekdays').split(' ').map((day) => <span key={day} className="wd">{day}</span>)}
            {days.map((day) => (
              <div key={day} className={`day ${day.startsWith(month) ? '' : 'out'} ${day === today ? 'today' : ''}`}>
                <time dateTime={day}>{Number(day.slice(8))}</time>
                {page.items.filter((m) => dayOf(m, f.isoDay) === day).sort((a, b) => at(a).localeCompare(at(b))).map((m) => <A key={m.id} className="item" to={to(m)}><b title={m.name}>{m.name}</b><span className="row" style={{ gap: 6 }}>{f.clock(at(m))}<MomentStateTag state={m.state} /></span></A>)}
              </div>
            ))}
          </div>
          {page.items.length === 0 && <p className="mute s13" style={{ padding: '12px 20px' }}>{t('monthEmpty')}</p>}
          {page.total > most && <p className="mute s13" style={{ padding: '12px 20px' }}>{t('monthMore', { n: page.total })}</p>}
        </>
      )}</Ready>
    </Panel>
  )
}

const at = (m: Moment) => m.opens_at ?? m.publish_at ?? ''
const dayOf = (m: Moment, isoDay: (at: Date) => string) => (at(m) ? isoDay(new Date(at(m))) : '')
