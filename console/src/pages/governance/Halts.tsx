// Stop sending: one press, for everybody or one member. Stopping does not ask; letting it go on says what that means.
import { Button, Checkbox, Input, Select } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Halt, Page as Rows } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { useSaid } from '../../kit/fail'
import { RuleId } from '../../kit/marks'
import { useStaffOptions } from '../../kit/options'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { w } from './words'

const path = '/governance/halts'
export const haltTouches = [path, '/broadcasts', '/moments', '/home', '/touches']

export function Halts() {
  const t = useWords(w)
  const said = useSaid()
  const me = useMe()
  const may = useCan()('governance.write') && me.scope === 'all'
  const staff = useStaffOptions()
  const halts = useGet<Rows<Halt>>(path)
  const [who, setWho] = useState<string>()
  const [reason, setReason] = useState(t('haltDefault'))
  const [limited, setLimited] = useState(false)
  const stop = useAct({ method: 'POST', path, body: () => ({ staff_id: who, reason, limited: limited && !!who }), touches: haltTouches, done: () => { setLimited(false); said(t('halted')) } })
  const now = halts.data?.items.filter((h) => !h.lifted_at) ?? []
  return (
    <Panel title={t('halt')} sub={<RuleId id="OWN-14" />}>
      <p className="s12 mute">{t('haltText')}</p>
      {now.length > 0 && <ul className="stack" style={{ gap: 10, marginTop: 12 }}>
        {now.map((h) => <StopInForce key={h.id} halt={h} may={may} />)}
      </ul>}
      {may && <div className="stack" style={{ gap: 8, marginTop: 14 }}>
        <Select allowClear options={staff} value={who} placeholder={t('haltEverybody')} aria-label={t('haltWho')} showSearch={{ optionFilterProp: 'label' }} onChange={(v?: string) => setWho(v)} />
        {who && <Checkbox checked={limited} onChange={(e) => { setLimited(e.target.checked); setReason(t(e.target.checked ? 'limitedDefault' : 'haltDefault')) }}>{t('limited')}</Checkbox>}
        {who && limited && <p className="s12 mute">{t('limitedText')}</p>}
        <Input value={reason} maxLength={200} aria-label={t('haltReason')} onChange={(e) => setReason(e.target.value)} />
        <Button danger disabled={reason.trim().length < 2 || now.some((h) => (h.staff?.id ?? '') === (who ?? ''))} loading={stop.isPending} onClick={() => stop.mutate()}>{who ? t('haltOneButton') : t('haltAllButton')}</Button>
      </div>}
    </Panel>
  )
}

/** One stop in force, and the press that ends it. */
export function StopInForce({ halt: h, may }: { halt: Halt; may: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const ask = useReach()
  const said = useSaid()
  const actor = useActor()
  const lift = useAct({ method: 'DELETE', path: `${path}/${encodeURIComponent(h.id)}`, touches: haltTouches, done: () => said(t('lifted')) })
  const name = h.staff ? h.staff.name || h.staff.id : ''
  const what = h.kind === 'limited' ? t('haltLimited', { name }) : h.staff ? t('haltOne', { name }) : t('haltAll')
  return (
    <li className="row" role="status">
      <div style={{ minWidth: 0 }}>
        <p className="held">{what}</p>
        <p className="mute s12">{[h.reason, actor(h.by), f.moment(h.since)].filter(Boolean).join(' · ')}{!!h.left && h.staff && <> · <A to={`/touches?staff=${encodeURIComponent(h.staff.id)}&rule=WC-13`}>{t('haltLeft', { n: f.count(h.left) })}</A></>}</p>
      </div>
      {may && <Button size="small" className="push" loading={lift.isPending} onClick={() => ask({ reach: h.staff ? t('liftOne', { name }) : t('liftAll'), also: t('liftAlso'), button: t('lift'), act: () => lift.mutateAsync() })}>{t('lift')}</Button>}
    </li>
  )
}
