// Whether a customer is a minor, as a person noted it: what that forbids, what a guardian agreed to, and how it came about.
import { Button, Checkbox, Input, Modal, Radio } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Age, CustomerAge, GuardianPurpose } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { useSaid } from '../../kit/fail'
import { State } from '../../kit/marks'
import { w as kit } from '../../kit/words'
import { w } from './ageWords'

const ages: Age[] = ['under_14', 'under_18']
const purposes: GuardianPurpose[] = ['marketing', 'lifecycle', 'traits']
/** What a change here changes elsewhere: budgets, and mass messages that hold the customer. */
const touches = ['/customers', '/broadcasts', '/moments', '/touches']
const least = 2 // characters of a reason

type Asking = 'mark' | 'end' | 'guardian'

export function AgeMark({ id }: { id: string }) {
  const t = useWords(w)
  const may = useCan()('customer.write')
  const age = useGet<CustomerAge>(`/customers/${encodeURIComponent(id)}/age`)
  const [asking, setAsking] = useState<Asking>()
  const close = () => setAsking(undefined)
  const d = age.data
  if (!d) return null
  const ended = d.history.filter((x) => x.ended_at).slice(0, 3)
  return (
    <>
      {d.mark ? <Marked id={id} age={d} may={may} ask={setAsking} /> : <div className="row"><span className="s13 second">{t('none')}</span>{may && <Button size="small" className="push" onClick={() => setAsking('mark')}>{t('mark')}</Button>}</div>}
      {ended.length > 0 && <Ended marks={ended} />}
      {asking === 'mark' && <Mark id={id} was={d.mark?.age} close={close} />}
      {asking === 'end' && <End id={id} close={close} />}
      {asking === 'guardian' && <Guardian id={id} close={close} />}
    </>
  )
}

function Marked({ id, age: d, may, ask }: { id: string; age: CustomerAge; may: boolean; ask: (what: Asking) => void }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const said = useSaid()
  const back = useAct({ method: 'POST', path: `/customers/${encodeURIComponent(id)}/guardian-consents/end`, body: () => ({}), touches, done: () => said(t('guardianEndDone')) })
  const m = d.mark
  if (!m) return null
  const first = d.guardian[0]
  return (
    <>
      <div className="row">
        <State tone="held">{t(m.age)}</State>
        {may && <span className="push row" style={{ gap: 6 }}><Button size="small" onClick={() => ask('mark')}>{t('change')}</Button><Button size="small" onClick={() => ask('end')}>{t('end')}</Button></span>}
      </div>
      <p className="s13" style={{ marginTop: 8 }}>{t(m.age === 'under_14' ? 'under_14_does' : 'under_18_does')}</p>
      <p className="mute s12">{t('by', { by: m.by.name || actor(m.by.id), date: f.moment(m.at), reason: m.reason })}</p>
      <div style={{ marginTop: 10 }}>
        {first ? <div>
          <p className="s13">{t('guardianSaid', { who: first.guardian ?? '', what: d.guardian.map((x) => t(x.purpose)).join(t('comma')) })}</p>
          <p className="mute s12">{t('guardianBy', { words: first.words, by: actor(first.by), date: f.moment(first.given_at) })}</p>
          {first.outdated && <p className="s12 held">{t('outdated')}</p>}
        </div> : <span className="s13 second">{t('guardianNone')}</span>}
        {may && <span className="row" style={{ gap: 6, marginTop: 8, flexWrap: 'wrap' }}><Button size="small" onClick={() => ask('guardian')}>{t('guardianAdd')}</Button>{first && <Button size="small" loading={back.isPending} onClick={() => back.mutate()}>{t('guardianEnd')}</Button>}</span>}
      </div>
    </>
  )
}

function Ended({ marks }: { marks: CustomerAge['history'] }) {
  const t = useWords(w)
  const f = useFormat()
  return <ul className="s12 mute" style={{ marginTop: 10 }}>{marks.map((x) => <li key={x.id}>{t('ended', { age: t(x.age), date: f.moment(x.ended_at), reason: x.end_reason ?? '' })}</li>)}</ul>
}

function Mark({ id, was, close }: { id: string; was?: Age; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [age, setAge] = useState<Age>(was ?? 'under_14')
  const [reason, setReason] = useState('')
  const act = useAct({ method: 'POST', path: `/customers/${encodeURIComponent(id)}/age`, body: () => ({ age, reason }), touches, done: () => { said(t('saved')); close() } })
  return (
    <Modal open title={t('markTitle')} onCancel={close} okText={t('save')} cancelText={k('cancel')} okButtonProps={{ disabled: reason.trim().length < least }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <div className="stack" style={{ gap: 12 }}>
        <p className="s13 second">{t('markText')}</p>
        <Radio.Group aria-label={t('title')} value={age} onChange={(e) => setAge(e.target.value as Age)} options={ages.map((x) => ({ value: x, label: t(x) }))} />
        <p className="s12 mute">{t(age === 'under_14' ? 'under_14_does' : 'under_18_does')}</p>
        <label><span className="second s13">{t('reason')}</span><Input.TextArea rows={2} maxLength={500} value={reason} placeholder={t('reasonHint')} onChange={(e) => setReason(e.target.value)} /></label>
      </div>
    </Modal>
  )
}

function End({ id, close }: { id: string; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [reason, setReason] = useState('')
  const act = useAct({ method: 'POST', path: `/customers/${encodeURIComponent(id)}/age/end`, body: () => ({ reason }), touches, done: () => { said(t('endDone')); close() } })
  return (
    <Modal open title={t('endTitle')} onCancel={close} okText={t('end')} cancelText={k('cancel')} okButtonProps={{ disabled: reason.trim().length < least }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <p className="s13 second" style={{ marginBottom: 8 }}>{t('endText')}</p>
      <Input.TextArea rows={2} maxLength={500} value={reason} placeholder={t('endHint')} aria-label={t('endTitle')} onChange={(e) => setReason(e.target.value)} />
    </Modal>
  )
}

function Guardian({ id, close }: { id: string; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [guardian, setGuardian] = useState('')
  const [words, setWords] = useState('')
  const [to, setTo] = useState<GuardianPurpose[]>([])
  const act = useAct({ method: 'POST', path: `/customers/${encodeURIComponent(id)}/guardian-consents`, body: () => ({ guardian, words, purposes: to }), touches, done: () => { said(t('recorded')); close() } })
  const whole = guardian.trim().length >= least && words.trim().length >= least && to.length > 0
  return (
    <Modal open title={t('guardianAdd')} onCancel={close} okText={t('record')} cancelText={k('cancel')} okButtonProps={{ disabled: !whole }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <div className="stack" style={{ gap: 12 }}>
        <p className="s13 second">{t('guardianText')}</p>
        <label><span className="second s13">{t('who')}</span><Input maxLength={100} value={guardian} placeholder={t('whoHint')} onChange={(e) => setGuardian(e.target.value)} /></label>
        <div><div className="second s13">{t('purposes')}</div><Checkbox.Group value={to} onChange={(v) => setTo(v)} options={purposes.map((x) => ({ value: x, label: t(x) }))} /></div>
        <label><span className="second s13">{t('words')}</span><Input.TextArea rows={2} maxLength={500} value={words} placeholder={t('wordsHint')} onChange={(e) => setWords(e.target.value)} /></label>
      </div>
    </Modal>
  )
}
