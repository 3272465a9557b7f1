// What a customer wants about their own data: noted here, a copy downloaded, the person erased.
import { Button, Input, Modal, Radio } from 'antd'
import { useState } from 'react'
import { useLive } from '../../api/live'
import { useAct, useInvalidateSoon } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { CustomerDetail, DataRequestKind } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useMayOpen } from '../../kit/A'
import { useSaid } from '../../kit/fail'
import { RuleId, State } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { w as kit } from '../../kit/words'
import { CopyButton } from '../privacy/AnswerRequest'
import { EraseText, typed, TypeName } from '../privacy/EraseText'
import { w } from '../privacy/words'
import '../privacy/privacy.css'

const kinds = ['copy', 'correct', 'erase'] as const
/** What erasing changes elsewhere, beside the customer: whatever waited to be sent to them is stopped. */
const touches = ['/customers', '/privacy', '/home', '/broadcasts', '/moments', '/touches']

export function PersonalData({ customer: c }: { customer: CustomerDetail }) {
  const t = useWords(w)
  const f = useFormat()
  const can = useCan()
  const me = useMe()
  const mayOpen = useMayOpen()
  const whole = me.scope === 'all'
  const soon = useInvalidateSoon()
  useLive('erasure', () => soon('/customers'))
  useLive('data-request', () => soon('/customers'))
  const [noting, setNoting] = useState(false)
  const [erasing, setErasing] = useState(false)
  const { erasing: going, requests } = c.wishes
  return (
    <Panel title={t('title')} actions={<RuleId id="LAW-10" />}>
      {going && <div className="note" role="status" style={{ marginBottom: 8 }}><div><p>{t('erasingSince', { date: f.moment(going.since) })}</p>{going.waits_for && <p className="second">{t('waitsFor', { what: t(`w_${going.waits_for}`) })}</p>}</div></div>}
      {requests.length === 0 ? !going && <p className="s12 mute">{t('panelText')}</p> : (
        <ul className="stack" style={{ gap: 8 }}>
          {requests.map((x) => (
            <li key={x.id} className="row s13" style={{ alignItems: 'flex-start' }}>
              <div style={{ minWidth: 0 }}><p>{t(`k_${x.kind}`)} {x.late && <State tone="bad">{t('late')}</State>}</p>{x.words && <p className="second">{x.words}</p>}<p className="mute s12">{t('openWish', { date: f.date(x.at) })} · {t('dueBy', { date: f.date(x.due_at) })}</p></div>
              {whole && can('privacy.erase') && mayOpen('/privacy/requests') && <A className="push nowrap" to="/privacy/requests">{t('toAnswer')}</A>}
            </li>
          ))}
        </ul>
      )}
      <div className="row" style={{ gap: 6, marginTop: 10, flexWrap: 'wrap' }}>
        {whole && <CopyButton small id={c.id} name={c.name} />}
        {can('customer.write') && !going && <Button size="small" onClick={() => setNoting(true)}>{t('note')}</Button>}
        {can('privacy.erase') && whole && !going && <Button size="small" danger onClick={() => setErasing(true)}>{t('erase')}</Button>}
      </div>
      {noting && <Note id={c.id} close={() => setNoting(false)} />}
      {erasing && <Erase customer={c} close={() => setErasing(false)} />}
    </Panel>
  )
}

function Note({ id, close }: { id: string; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [kind, setKind] = useState<DataRequestKind>('copy')
  const [words, setWords] = useState('')
  const act = useAct({ method: 'POST', path: `/customers/${encodeURIComponent(id)}/requests`, body: () => ({ kind, words }), touches: ['/customers', '/privacy', '/home'], done: () => { said(t('noted')); close() } })
  const ready = kind !== 'correct' || words.trim().length >= 2
  return (
    <Modal open title={t('noteTitle')} onCancel={close} okText={t('noteSave')} cancelText={k('cancel')} okButtonProps={{ disabled: !ready }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <div className="stack" style={{ gap: 12 }}>
        <p className="s13 second">{t('noteText')}</p>
        <Radio.Group aria-label={t('kind')} value={kind} onChange={(e) => setKind(e.target.value as DataRequestKind)} options={kinds.map((x) => ({ value: x, label: t(`k_${x}`) }))} />
        <label><span className="second s13">{t(kind === 'correct' ? 'correctHint' : 'said')}</span><Input.TextArea rows={3} maxLength={500} value={words} onChange={(e) => setWords(e.target.value)} /></label>
      </div>
    </Modal>
  )
}

function Erase({ customer: c, close }: { customer: CustomerDetail; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [reason, setReason] = useState('')
  const [name, setName] = useState('')
  const word = typed(c.name, c.id)
  const act = useAct({ method: 'POST', path: `/customers/${encodeURIComponent(c.id)}/erase`, body: () => ({ reason }), touches, done: () => { said(t('erasing')); close() } })
  return (
    <Modal open width={560} title={t('eraseTitle', { name: word })} onCancel={close} okText={t('saveErase')} cancelText={k('cancel')} okButtonProps={{ danger: true, disabled: reason.trim().length < 2 || name.trim() !== word }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <div className="stack" style={{ gap: 12 }}>
        <EraseText relations={c.relations} />
        <label><span className="second s13">{t('reason')}</span><Input.TextArea rows={2} maxLength={500} value={reason} placeholder={t('noteEraseHint')} onChange={(e) => setReason(e.target.value)} /></label>
        <TypeName word={word} value={name} onChange={setName} />
      </div>
    </Modal>
  )
}
