// Stop sending: one press, for everybody or one member. Stopping does not ask; letting it go on says what that means.
import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Halt, Page as Rows } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { RuleId } from '../../kit/marks'
import { useStaffOptions } from '../../kit/options'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { w } from './words'

const path = '/governance/halts'

export function Halts() {
  const t = useWords(w)
  const f = useFormat()
  const ask = useReach()
  const said = useSaid()
  const me = useMe()
  const may = useCan()('governance.write') && me.scope === 'all'
  const staff = useStaffOptions()
  const halts = useGet<Rows<Halt>>(path)
  const [who, setWho] = useState<string>()
  const [reason, setReason] = useState(t('haltDefault'))
  const touches = [path, '/broadcasts', '/moments', '/home', '/touches']
  const stop = useAct({ method: 'POST', path, body: () => ({ staff_id: who, reason }), touches, done: () => said(t('halted')) })
  const [lifting, setLifting] = useState('')
  const lift = useAct({ method: 'DELETE', path: (id: string) => `${path}/${encodeURIComponent(id)}`, touches, done: () => { setLifting(''); said(t('lifted')) } })
  const now = halts.data?.items.filter((h) => !h.lifted_at) ?? []
  return (
    <Panel title={t('halt')} sub={<RuleId id="OWN-14" />}>
      <p className="s12 mute">{t('haltText')}</p>
      {now.length > 0 && <ul className="stack" style={{ gap: 10, marginTop: 12 }}>
        {now.map((h) => <li key={h.id} className="row" role="status"><div style={{ minWidth: 0 }}><p className="held">{h.staff ? t('haltOne', { name: h.staff.name || h.staff.id }) : t('haltAll')}</p><p className="mute s12">{[h.reason, h.by, f.moment(h.since)].join(' · ')}</p></div>{may && <Button size="small" className="push" loading={lift.isPending && lifting === h.id} onClick={() => ask({ reach: h.staff ? t('liftOne', { name: h.staff.name || h.staff.id }) : t('liftAll'), also: t('liftAlso'), button: t('lift'), act: () => { setLifting(h.id); return lift.mutateAsync(h.id) } })}>{t('lift')}</Button>}</li>)}
      </ul>}
      {may && <div className="stack" style={{ gap: 8, marginTop: 14 }}>
        <Select allowClear options={staff} value={who} placeholder={t('haltEverybody')} aria-label={t('haltWho')} showSearch={{ optionFilterProp: 'label' }} onChange={(v?: string) => setWho(v)} />
        <Input value={reason} maxLength={200} aria-label={t('haltReason')} onChange={(e) => setReason(e.target.value)} />
        <Button danger disabled={reason.trim().length < 2 || now.some((h) => (h.staff?.id ?? '') === (who ?? ''))} loading={stop.isPending} onClick={() => stop.mutate()}>{who ? t('haltOneButton') : t('haltAllButton')}</Button>
      </div>}
    </Panel>
  )
}
