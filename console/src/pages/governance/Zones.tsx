// Where customers live, from a list: lines that cannot be read are told one by one, the others stand.
import { Button, Input } from 'antd'
import { useRef, useState } from 'react'
import { useAct } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { ImportedZones } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { RuleId } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { w } from '../customer/zoneWords'

export function Zones() {
  const t = useWords(w)
  const me = useMe()
  const may = useCan()('customer.write') && me.scope === 'all'
  const [csv, setCsv] = useState<string>()
  const [done, setDone] = useState<ImportedZones>()
  const file = useRef<HTMLInputElement>(null)
  const send = useAct<ImportedZones>({ method: 'POST', path: '/customer-zones', body: () => ({ csv: csv ?? '' }), touches: ['/customers', '/broadcasts'], got: (x) => { setDone(x); setCsv(undefined) } })
  return (
    <Panel title={t('importTitle')} sub={<RuleId id="FTG-05" />}>
      <p className="s12 mute">{t('importText')}</p>
      {done && <div role="status" className="s13" style={{ marginTop: 8 }}>
        <p>{t('imported', { set: done.set, same: done.same })}{done.failed > 0 && <span className="held"> · {t('importFailed', { n: done.failed })}</span>}</p>
        <ul className="stack s12" style={{ gap: 2, maxHeight: 180, overflowY: 'auto' }}>{done.errors.map((x) => <li key={x.row}><span className="mute">{t('row', { row: x.row })}</span> {x.reason}</li>)}</ul>
      </div>}
      {may && csv === undefined && <Button size="small" style={{ marginTop: 10 }} onClick={() => { setCsv(''); setDone(undefined) }}>{t('importOpen')}</Button>}
      {csv !== undefined && <div className="stack" style={{ gap: 8, marginTop: 10 }}>
        <Input.TextArea value={csv} rows={6} aria-label={t('importTitle')} placeholder={t('importFormat')} onChange={(e) => setCsv(e.target.value)} />
        <input ref={file} type="file" accept=".csv,.txt,text/csv,text/plain" hidden aria-label={t('importFile')} onChange={(e) => { void e.target.files?.[0]?.text().then(setCsv) }} />
        <div className="row"><Button type="primary" loading={send.isPending} disabled={csv.trim() === ''} onClick={() => send.mutate()}>{t('importDo')}</Button><Button onClick={() => file.current?.click()}>{t('importFile')}</Button><Button type="text" className="push" onClick={() => setCsv(undefined)}>{t('importLeave')}</Button></div>
      </div>}
    </Panel>
  )
}
