// Caps beside the overall one: of a topic, of a channel, of a member's day. They can only be tightened.
import { Button, InputNumber } from 'antd'
import { useState } from 'react'
import { useAct } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Caps, Shares as SharesData } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { RuleId } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { w } from './words'

const channels = ['mass_customer', 'moment'] as const

export function Shares({ caps }: { caps: Caps }) {
  const t = useWords(w)
  const ask = useReach()
  const said = useSaid()
  const me = useMe()
  const may = useCan()('governance.write') && me.scope === 'all'
  const now = caps.shares
  const most = now.policy
  const [s, setS] = useState<SharesData>(now)
  const quiet = { from: caps.quiet.from, to: caps.quiet.to, sunday_from: caps.quiet.sunday_from }
  const shares = { topic_week: s.topic_week, channel_week: s.channel_week, ramp: s.ramp, staff_day: s.staff_day, staff_hour: s.staff_hour }
  const save = useAct<Caps>({ method: 'PUT', path: '/governance/caps', body: () => ({ rules: caps.rules.map((r) => ({ days: r.days, cap: r.cap })), quiet, shares }), touches: ['/governance', '/customers'], done: () => said(t('saved')) })
  const of = (c: (typeof channels)[number]) => s.channel_week?.find((x) => x.channel === c)?.cap
  const setChannel = (c: (typeof channels)[number], cap: number | null) => setS({ ...s, channel_week: [...(s.channel_week ?? []).filter((x) => x.channel !== c), ...(cap === null ? [] : [{ channel: c, cap }])] })
  const same = JSON.stringify(s) === JSON.stringify(now)
  const shown = (value: number | undefined) => <b>{value ?? t('capNone')}</b>
  return (
    <Panel title={t('shares')} sub={t('sharesSub')}>
      <ul className="caps shares">
        <li><span>{t('topicWeek')}</span>{may ? <InputNumber min={0} max={most?.topic_week} value={s.topic_week} onChange={(n) => setS({ ...s, topic_week: n ?? now.topic_week })} aria-label={t('topicWeek')} style={{ width: 90 }} /> : shown(now.topic_week)}<span className="second s13 nowrap">{t('times')}</span><RuleId id="FTG-02" /></li>
        {channels.map((c) => (
          <li key={c}><span>{t(c === 'moment' ? 'momentWeek' : 'massWeek')}</span>{may ? <InputNumber min={0} max={most?.channel_week?.find((x) => x.channel === c)?.cap} value={of(c) ?? null} placeholder={t('capNone')} onChange={(n) => setChannel(c, n)} aria-label={t(c === 'moment' ? 'momentWeek' : 'massWeek')} style={{ width: 90 }} /> : shown(of(c))}<span className="second s13 nowrap">{t('times')}</span><RuleId id="FTG-02" /></li>
        ))}
        {s.ramp?.map((n, i) => (
          <li key={i}><span>{t('rampDay', { n: i + 1 })}</span>{may ? <InputNumber min={0} max={most?.ramp?.[i]} value={n} onChange={(v) => setS({ ...s, ramp: s.ramp?.map((x, j) => (j === i ? (v ?? x) : x)) ?? null })} aria-label={t('rampDay', { n: i + 1 })} style={{ width: 90 }} /> : shown(n)}<span className="second s13 nowrap">{t('persons')}</span><RuleId id="FTG-16" /></li>
        ))}
        <li><span>{t('staffDay')}</span>{may ? <InputNumber min={0} max={most?.staff_day} value={s.staff_day || null} placeholder={t('capNone')} onChange={(n) => setS({ ...s, staff_day: n ?? 0 })} aria-label={t('staffDay')} style={{ width: 90 }} /> : shown(now.staff_day || undefined)}<span className="second s13 nowrap">{t('persons')}</span><RuleId id="OWN-05" /></li>
        <li><span>{t('staffHour')}</span>{may ? <InputNumber min={1} max={most?.staff_hour} value={s.staff_hour} onChange={(n) => setS({ ...s, staff_hour: n ?? now.staff_hour })} aria-label={t('staffHour')} style={{ width: 90 }} /> : shown(now.staff_hour)}<span className="second s13 nowrap">{t('persons')}</span><RuleId id="FTG-17" /></li>
      </ul>
      <p className="s12 mute" style={{ marginTop: 8 }}>{t('rampText')}</p>
      {may && <Button type="primary" style={{ marginTop: 12 }} disabled={same} loading={save.isPending} onClick={() => ask({ reach: t('tightenReachAny'), also: t('sharesAlso'), button: t('sharesSave'), act: () => save.mutateAsync() })}>{t('sharesSave')}</Button>}
    </Panel>
  )
}
