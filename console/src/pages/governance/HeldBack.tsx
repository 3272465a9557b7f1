// What was held back for customers, by rule, beside the same as single touches.
import { Segmented } from 'antd'
import { useGet } from '../../api/queries'
import type { Held } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { corpNow } from '../../i18n/clock'
import { A } from '../../kit/A'
import { HeldMark, RuleId } from '../../kit/marks'
import { Page, Panel } from '../../kit/Page'
import { Empty, Ready } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { TouchTable } from './TouchTable'
import { w } from './words'

export function HeldBack() {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const days = url.one('days') === '7' ? 7 : url.one('days') === '30' ? 30 : 1
  const from = f.isoDay(new Date(corpNow() - (days - 1) * 86_400_000))
  const held = useGet<Held>('/governance/held', { days }, { keep: true })
  return (
    <Page title={t('heldTitle')} actions={<Segmented value={days} onChange={(n) => url.set({ days: n === 1 ? undefined : String(n) })} options={[{ value: 1, label: t('d1') }, { value: 7, label: t('d7') }, { value: 30, label: t('d30') }]} />}>
      <Ready query={held} rows={8}>
        {(h) => h.touches === 0 ? <section className="panel"><Empty icon="held" title={t('heldNone')} text={t('heldNoneText')} /></section> : (
          <div className="stack">
            <Panel title={t('heldBy')} mark={<HeldMark size={16} />}>
              <p className="row" style={{ alignItems: 'baseline' }}><b className="held" style={{ fontSize: 28, lineHeight: '36px' }}>{f.count(h.touches)}</b><span className="s13 mute">{t('heldSum', { n: h.persons })}</span></p>
              <table className="plain-table" style={{ marginTop: 6 }}>
                <thead><tr><th>{t('reason')}</th><th>{t('rule')}</th><th style={{ width: '34%' }} /><th className="right">{t('count')}</th></tr></thead>
                <tbody>{h.rules.map((r) => (
                  <tr key={`${r.rule_id}${r.reason}`}>
                    <td><A to={`/touches?state=held&rule=${encodeURIComponent(r.rule_id)}&from=${from}`}>{r.reason}</A>{r.title && <div className="mute s12">{r.title}</div>}</td><td><RuleId id={r.rule_id} /></td>
                    <td><span style={{ display: 'block', height: 6, borderRadius: 3, background: 'var(--line2)' }}><i style={{ display: 'block', height: 6, borderRadius: 3, background: 'var(--held)', minWidth: 3, width: `${(r.count / Math.max(1, ...h.rules.map((x) => x.count))) * 100}%` }} /></span></td>
                    <td className="right b">{f.count(r.count)}</td>
                  </tr>
                ))}</tbody>
              </table>
            </Panel>
            <Panel title={t('heldRows')}><TouchTable query={{ state: 'held', from: f.dayStart(from) }} /></Panel>
          </div>
        )}
      </Ready>
    </Page>
  )
}
