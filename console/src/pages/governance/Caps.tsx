// Caps and sending hours. Here they can only be tightened; the server refuses anything else.
import { Button, InputNumber } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { CapRule, Caps as CapsData } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { BudgetString, RuleId } from '../../kit/marks'
import { Facts, Page, Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { Consent } from './Consent'
import { Halts } from './Halts'
import { Holidays } from './Holidays'
import { Shares } from './Shares'
import { Sunset } from './Sunset'
import { Zones } from './Zones'
import { w } from './words'
import './governance.css'

export function Caps() {
  const t = useWords(w)
  const caps = useGet<CapsData>('/governance/caps')
  return <Page title={t('caps')} meta={t('capsMeta')}><Ready query={caps} rows={6}>{(data) => <Edit key={data.version + JSON.stringify(data.rules)} caps={data} />}</Ready></Page>
}

function Edit({ caps }: { caps: CapsData }) {
  const t = useWords(w)
  const ask = useReach()
  const said = useSaid()
  // Caps hold for the whole corp, so only who sees all of it may tighten them.
  const me = useMe()
  const may = useCan()('governance.write') && me.scope === 'all'
  const [rules, setRules] = useState(caps.rules)
  const [holdout, setHoldout] = useState(caps.holdout)
  const save = useAct<CapsData>({ method: 'PUT', path: '/governance/caps', body: () => ({ rules: rules.map((r) => ({ days: r.days, cap: r.cap })), holdout, quiet: { from: caps.quiet.from, to: caps.quiet.to, sunday_from: caps.quiet.sunday_from } }), touches: ['/governance', '/customers'], done: () => said(t('saved')) })
  const tighter = rules.some((r, i) => r.cap !== caps.rules[i]?.cap)
  const saved = caps.holdout === holdout
  const week = rules.find((r) => r.days === 7)
  const set = (at: number, cap: number) => setRules(rules.map((r, i) => (i === at ? { ...r, cap } : r)))
  return (
    <div className="cols">
      <div className="stack">
        <Panel title={t('caps')} sub={t('policy', { v: caps.version })}>
          <ul className="caps">
            {rules.map((r, i) => <CapRow key={i} rule={r} top={caps.rules[i]?.cap ?? r.cap} may={may} onCap={(cap) => set(i, cap)} />)}
          </ul>
          {may && <Button type="primary" style={{ marginTop: 20 }} disabled={!tighter} loading={save.isPending} onClick={() => ask({ reach: week && week.cap !== caps.rules.find((r) => r.days === 7)?.cap ? t('tightenReach', { n: week.cap }) : t('tightenReachAny'), also: t('tightenAlso'), button: t('tighten'), act: () => save.mutateAsync() })}>{t('tighten')}</Button>}
        </Panel>
        <Shares key={JSON.stringify(caps.shares)} caps={caps} />
        <Sunset key={JSON.stringify(caps.sunset)} caps={caps} />
      </div>
      <div className="stack">
        <Halts />
        <Panel title={t('holdout')} sub={<RuleId id="FTG-11" />}>
          <p className="row">{may ? <InputNumber min={0} max={50} value={holdout} onChange={(n) => setHoldout(n ?? caps.holdout)} aria-label={t('holdout')} suffix="%" style={{ width: 90 }} /> : <b>{caps.holdout}%</b>}<span className="second s13">{t('holdoutShare')}</span>{may && <Button size="small" className="push" disabled={saved || tighter} loading={save.isPending} onClick={() => save.mutate()}>{t('holdoutSave')}</Button>}</p>
          <p className="s12 mute" style={{ marginTop: 8 }}>{t('holdoutText')}</p>
        </Panel>
        <Consent caps={caps} />
        <Panel title={t('quiet')}><Facts rows={[[t('everyDay'), `${caps.quiet.from} – ${caps.quiet.to}`], [t('sunday'), caps.quiet.sunday_from], [t('zone'), caps.quiet.zone ?? '—']]} /><p className="s12 mute" style={{ marginTop: 8 }}>{t('quietText')}</p></Panel>
        <Holidays />
        <Zones />
        <Panel title={t('meaning')}><ul className="stack s13 second" style={{ gap: 8 }}><li>{t('meaning1')}</li><li>{t('meaning2')}</li><li>{t('meaning3')}</li></ul></Panel>
      </div>
    </div>
  )
}

function CapRow({ rule: r, top, may, onCap }: { rule: CapRule; top: number; may: boolean; onCap: (cap: number) => void }) {
  const t = useWords(w)
  if (r.days <= 0) return <li><span>{r.title}</span><b>{r.cap || '—'}</b><span /><RuleId id={r.id} /></li>
  return (
    <li>
      <span>{r.days === 1 ? t('capOneDay') : t('capRule', { days: r.days })}</span>
      {may ? <InputNumber min={r.min} max={Math.min(r.max || top, top)} value={r.cap} onChange={(n) => onCap(n ?? r.cap)} aria-label={r.title} style={{ width: 90 }} /> : <b>{r.cap}</b>}
      <span className="row"><span className="second s13 nowrap">{t('times')}</span><BudgetString used={0} cap={r.cap} days={r.days} /></span>
      <RuleId id={r.id} />
    </li>
  )
}
