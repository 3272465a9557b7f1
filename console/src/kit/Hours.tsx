// Times of day and weekdays in which a rule or a message holds. Empty: always.
import { Button, Select, TimePicker } from 'antd'
import dayjs from 'dayjs'
import type { Hours } from '../api/types'
import { useLang, useWords } from '../i18n/i18n'
import { w } from './words'

export function HoursField({ value, onChange }: { value: Hours[]; onChange: (hours: Hours[]) => void }) {
  const t = useWords(w)
  const { lang } = useLang()
  const day = (n: number) => new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', { weekday: 'short', timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, n)))
  const set = (i: number, next: Hours) => onChange(value.map((h, j) => (j === i ? next : h)))
  return (
    <div className="stack" style={{ gap: 8 }}>
      {value.length === 0 && <span className="mute s13">{t('always')}</span>}
      {value.map((h, i) => (
        <div key={i} className="row" style={{ flexWrap: 'wrap' }}>
          <TimePicker.RangePicker format="HH:mm" minuteStep={15} order={false} needConfirm={false} allowClear={false} style={{ width: 160 }} value={[dayjs(h.from, 'HH:mm'), dayjs(h.to, 'HH:mm')]} onChange={(r) => { if (r?.[0] && r[1]) set(i, { ...h, from: r[0].format('HH:mm'), to: r[1].format('HH:mm') }) }} />
          <Select mode="multiple" style={{ minWidth: 180, flex: 1 }} value={h.weekdays} onChange={(weekdays: number[]) => set(i, { ...h, weekdays: [...weekdays].sort() })} options={[1, 2, 3, 4, 5, 6, 7].map((n) => ({ value: n, label: day(n) }))} maxTagCount="responsive" aria-label={t('weekdays')} />
          <Button type="text" size="small" onClick={() => onChange(value.filter((_, j) => j !== i))}>{t('remove')}</Button>
        </div>
      ))}
      <button type="button" className="linky" style={{ justifySelf: 'start' }} onClick={() => onChange([...value, { from: '09:00', to: '21:00', weekdays: [1, 2, 3, 4, 5, 6, 7] }])}>{t('addHours')}</button>
    </div>
  )
}
