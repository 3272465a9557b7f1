// What the corp is asked before its first marketing, and the functions that the platform refuses.
import { Button, Checkbox, Radio } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { AdmissionAnswers, Page as Rows, Refusal } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { useSaid } from '../../kit/fail'
import { Icon } from '../../kit/Icon'
import { RuleId, State, type Tone } from '../../kit/marks'
import { Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { w } from './admissionWords'
import './governance.css'

const path = '/governance/admission'
const tones: Record<AdmissionAnswers['state'], Tone> = { unanswered: 'warn', admitted: 'ok', refused: 'held' }

export function Admission() {
  const t = useWords(w)
  const asked = useGet<AdmissionAnswers>(path)
  const refusals = useGet<Rows<Refusal>>('/governance/refusals')
  return (
    <Page title={t('title')} meta={t('meta')}>
      <div className="stack" style={{ gap: 16 }}>
        <Panel title={t('ask')} sub={<RuleId id="OWN-03" />}>
          <p className="s12 mute">{t('askText')}</p>
          <Ready query={asked} rows={6}>{(a) => <Questions key={a.version} asked={a} />}</Ready>
        </Panel>
        <Panel title={t('list')}>
          <Ready query={refusals} rows={12}>{(r) => <Refused rows={r.items} />}</Ready>
        </Panel>
      </div>
    </Page>
  )
}

function Questions({ asked: a }: { asked: AdmissionAnswers }) {
  const t = useWords(w)
  const f = useFormat()
  const said = useSaid()
  const actor = useActor()
  const me = useMe()
  const may = useCan()('admission.write') && me.scope === 'all'
  const [answers, setAnswers] = useState<Record<string, boolean | undefined>>(Object.fromEntries(a.questions.map((q) => [q.id, q.answer])))
  const [standards, setStandards] = useState(a.standards.filter((s) => s.took).map((s) => s.id))
  const save = useAct({ method: 'PUT', path, body: () => ({ answers, standards }), touches: ['/governance', '/audit'], done: () => said(t('saved')) })
  return (
    <div className="stack" style={{ gap: 14, marginTop: 12 }}>
      <div><State tone={tones[a.state]}>{t(a.state)}</State>{a.version > 0 && <span className="mute s12"> {t('version', { n: a.version, by: a.demo ? a.by ?? '' : actor(a.by), time: f.moment(a.at) })}</span>}</div>
      {a.demo && <p className="note" role="status"><Icon name="warn" size={14} />{t('demo')}</p>}
      <table className="plain-table"><thead><tr><th>{t('doWe')}</th><th className="right" style={{ width: 140 }} /></tr></thead><tbody>
        {a.questions.map((q) => (
          <tr key={q.id}><td>{q.text}</td><td className="right nowrap"><Radio.Group disabled={!may} aria-label={q.text} value={answers[q.id]} onChange={(e) => setAnswers({ ...answers, [q.id]: e.target.value as boolean })} options={[{ value: false, label: t('no') }, { value: true, label: t('yes') }]} /></td></tr>
        ))}
      </tbody></table>
      <div><h3 className="s13 b">{t('standards')}</h3><p className="s12 mute">{t('standardsText')}</p>
        <Checkbox.Group disabled={!may} value={standards} onChange={setStandards} options={a.standards.map((s) => ({ value: s.id, label: s.text }))} /></div>
      {may ? <div><Button type="primary" disabled={a.questions.some((q) => answers[q.id] === undefined)} loading={save.isPending} onClick={() => save.mutate()}>{t('save')}</Button></div> : <p className="mute s12">{t('ownersOnly')}</p>}
    </div>
  )
}

function Refused({ rows }: { rows: Refusal[] }) {
  const t = useWords(w)
  return (
    <>
      <p className="s12 mute">{t('listText', { n: rows.length })}</p>
      <div style={{ overflowX: 'auto' }}>
        <table className="plain-table"><thead><tr><th>{t('what')}</th><th>{t('why')}</th><th>{t('way')}</th><th>{t('rule')}</th></tr></thead><tbody>
          {rows.map((r) => <tr key={r.id}><td className="b">{r.title}</td><td className="second">{r.reason}</td><td>{r.way}</td><td><RuleId id={r.rule_id} /><div className="mute s12"><code>{r.test}</code></div></td></tr>)}
        </tbody></table>
      </div>
    </>
  )
}
