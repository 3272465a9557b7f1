// What customers' data is used for, on which basis, and the notice that says so: versions, of which none is ever changed.
import { Button } from 'antd'
import { useState } from 'react'
import { useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { PrivacyNotice, PrivacyNoticeBrief, Purpose, Purposes as Register } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { RuleId, State } from '../../kit/marks'
import { Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { NoticeEditor } from './NoticeEditor'
import { w } from './purposeWords'
import './governance.css'

export function Purposes() {
  const t = useWords(w)
  const me = useMe()
  const may = useCan()('governance.write') && me.scope === 'all'
  const found = useGet<Register>('/governance/purposes')
  const [writing, setWriting] = useState(false)
  const newest = found.data?.notices[0]
  const body = useGet<PrivacyNotice>(newest ? `/governance/notices/${newest.version}` : null)
  const ready = !!found.data && (!newest || !!body.data)
  return (
    <Page title={t('title')} meta={t('meta')} actions={may && <Button type="primary" disabled={!ready} onClick={() => setWriting(true)}>{t(newest ? 'next' : 'write')}</Button>}>
      <Ready query={found}>{(d) => (
        <div className="stack" style={{ gap: 16 }}>
          <InForce register={d} />
          <Panel title={t('purposes')} sub={<RuleId id="LAW-01" />}><p className="s12 mute">{t('purposesText')}</p><Rows purposes={d.purposes} told={d.notices.length > 0} /></Panel>
          {d.notices.length > 0 && <Panel title={t('versions')}><p className="s12 mute">{t('versionsText')}</p><Versions notices={d.notices} page={d.page} /></Panel>}
          {writing && ready && <NoticeEditor register={d} was={body.data} close={() => setWriting(false)} />}
        </div>
      )}</Ready>
    </Page>
  )
}

function InForce({ register: d }: { register: Register }) {
  const t = useWords(w)
  const f = useFormat()
  const [newest] = d.notices
  if (!newest) return <section className="panel" role="status" style={{ padding: '16px 20px' }}><p><State tone="warn">{t('none')}</State></p><p className="s13 second" style={{ marginTop: 8 }}>{t('noneText')}</p></section>
  const asked = d.notices.find((n) => n.again)
  return (
    <section className="panel row" style={{ padding: '12px 20px' }}>
      <State tone="ok">{t('inForce', { n: newest.version, date: f.moment(newest.at) })}</State>
      {asked && <span className="held s13">{t('asked', { date: f.date(asked.at) })}</span>}
      <a className="push" href={d.page} target="_blank" rel="noreferrer">{t('read')}</a>
    </section>
  )
}

function Rows({ purposes, told }: { purposes: Purpose[]; told: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  return (
    <div style={{ overflowX: 'auto', marginTop: 8 }}>
      <table className="plain-table"><thead><tr><th>{t('purpose')}</th><th>{t('basis')}</th><th>{t('inNotice')}</th><th className="right">{t('consents')}</th><th>{t('rules')}</th></tr></thead><tbody>
        {purposes.map((p) => (
          <tr key={p.id}>
            <td style={{ minWidth: 240 }}><div>{p.title}</div><div className="mute s12">{p.does}</div></td>
            <td className="nowrap">{t(p.basis)}</td>
            <td className="nowrap"><State tone={p.named ? 'ok' : told ? 'held' : 'plain'}>{t(p.named ? 'named' : told ? 'unnamed' : 'noNotice')}</State></td>
            <td className="right">{p.basis !== 'consent' && p.consents === 0 ? '—' : f.count(p.consents)}</td>
            <td><span className="row" style={{ gap: 6 }}>{p.rules.map((r) => <span key={r.id} title={r.title}><RuleId id={r.id} /></span>)}</span></td>
          </tr>
        ))}
      </tbody></table>
    </div>
  )
}

function Versions({ notices, page }: { notices: PrivacyNoticeBrief[]; page: string }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  return (
    <div style={{ overflowX: 'auto', marginTop: 8 }}>
      <table className="plain-table"><thead><tr><th>{t('version')}</th><th>{t('changes')}</th><th>{t('byAt')}</th></tr></thead><tbody>
        {notices.map((n) => (
          <tr key={n.version}>
            <td className="nowrap"><a href={`${page}/${n.version}`} target="_blank" rel="noreferrer">{n.version}</a>{n.again && <div><State tone="held">{t('again')}</State></div>}</td>
            <td><div>{n.changes}</div><div className="mute s12" style={{ overflowWrap: 'anywhere' }}>{t('sha', { sha: n.sha256 })}</div></td>
            <td className="nowrap">{n.by.name || actor(n.by.id)}<div className="mute s12">{f.moment(n.at)}</div></td>
          </tr>
        ))}
      </tbody></table>
    </div>
  )
}
