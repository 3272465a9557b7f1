// The calendar of special days: text in, checked line by line, shown as what is left of each day.
import { Button, Input } from 'antd'
import { useRef, useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Holidays as HolidaysData } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { RuleId } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { w } from './words'

const path = '/governance/holidays'

export function Holidays() {
  const t = useWords(w)
  const days = useGet<HolidaysData>(path)
  return <Panel title={t('holidays')} sub={<RuleId id="FTG-05" />}><Ready query={days} rows={2}>{(d) => <Edit key={d.csv} days={d} />}</Ready></Panel>
}

function Edit({ days }: { days: HolidaysData }) {
  const t = useWords(w)
  const said = useSaid()
  const me = useMe()
  const may = useCan()('governance.write') && me.scope === 'all'
  const [csv, setCsv] = useState<string>()
  const file = useRef<HTMLInputElement>(null)
  const save = useAct({ method: 'PUT', path, body: () => ({ csv: csv ?? '' }), touches: ['/governance', '/home'], done: () => { setCsv(undefined); said(t('saved')) } })
  return (
    <>
      <p className="s12 mute">{t('holidaysText')}</p>
      {days.items.length === 0 && csv === undefined && <p className="s13 second" style={{ marginTop: 8 }}>{t('holidaysNone')}</p>}
      {days.items.length > 0 && csv === undefined && <ul className="stack s13" style={{ gap: 4, marginTop: 8, maxHeight: 220, overflowY: 'auto' }}>
        {days.items.map((d) => <li key={d.date} className="row"><span className="nowrap">{d.date}</span><span className="second">{d.name}</span><span className="push nowrap">{d.closed ? t('dayClosed') : `${d.from} – ${d.to}`}</span></li>)}
      </ul>}
      {may && csv === undefined && <Button size="small" style={{ marginTop: 10 }} onClick={() => setCsv(days.csv)}>{t('holidaysEdit')}</Button>}
      {csv !== undefined && <div className="stack" style={{ gap: 8, marginTop: 10 }}>
        <Input.TextArea value={csv} rows={8} maxLength={40000} aria-label={t('holidays')} placeholder={t('holidaysFormat')} onChange={(e) => setCsv(e.target.value)} />
        <input ref={file} type="file" accept=".csv,.txt,text/csv,text/plain" hidden aria-label={t('holidaysFile')} onChange={(e) => { void e.target.files?.[0]?.text().then(setCsv) }} />
        <div className="row"><Button type="primary" loading={save.isPending} onClick={() => save.mutate()}>{t('holidaysSave')}</Button><Button onClick={() => file.current?.click()}>{t('holidaysFile')}</Button><Button type="text" className="push" onClick={() => setCsv(undefined)}>{t('holidaysLeave')}</Button></div>
      </div>}
    </>
  )
}
