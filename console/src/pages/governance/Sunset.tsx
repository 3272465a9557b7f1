// From when on who does not react gets less, and then nothing. It can only come earlier than the policy's.
import { Button, InputNumber } from 'antd'
import { useState } from 'react'
import { useAct } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Caps, Sunset as SunsetData } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { RuleId } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { asTheyAre } from './capsBody'
import { w } from './sunsetWords'

const fields = ['cooling', 'week', 'dormant'] as const

export function Sunset({ caps }: { caps: Caps }) {
  const t = useWords(w)
  const ask = useReach()
  const said = useSaid()
  const me = useMe()
  const may = useCan()('governance.write') && me.scope === 'all'
  const now = caps.sunset
  const [s, setS] = useState<SunsetData>(now)
  const save = useAct<Caps>({ method: 'PUT', path: '/governance/caps', body: () => ({ ...asTheyAre(caps), sunset: { cooling: s.cooling, dormant: s.dormant, week: s.week } }), touches: ['/governance', '/customers'], done: () => said(t('saved')) })
  const same = fields.every((x) => s[x] === now[x])
  return (
    <Panel title={t('title')} sub={<RuleId id="FTG-13" />}>
      <ul className="caps shares">
        {fields.map((x) => (
          <li key={x}><span>{t(x)}</span>{may ? <InputNumber min={x === 'week' ? 0 : x === 'cooling' ? 7 : s.cooling} max={now.policy?.[x]} value={s[x]} onChange={(n) => setS({ ...s, [x]: n ?? now[x] })} aria-label={t(x)} style={{ width: 90 }} /> : <b>{now[x]}</b>}<span className="second s13 nowrap">{t(x === 'week' ? 'times' : 'days')}</span><span /></li>
        ))}
      </ul>
      <p className="s12 mute" style={{ marginTop: 8 }}>{t('text', { n: now.least ?? 0 })} {t('once')}</p>
      {may && <Button style={{ marginTop: 12 }} disabled={same} loading={save.isPending} onClick={() => ask({ reach: t('reach'), also: t('also'), button: t('save'), act: () => save.mutateAsync() })}>{t('save')}</Button>}
    </Panel>
  )
}
