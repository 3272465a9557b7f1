// Answering one request: what was done, or why not. Granting one for erasing erases, so it says what that means first.
import { Button, Input, Modal, Radio } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { CustomerDetail, DataRequest } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { useFormat, useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { useSave } from '../../kit/save'
import { w as kit } from '../../kit/words'
import { EraseText, typed, TypeName } from './EraseText'
import { w } from './words'

export function AnswerRequest({ of: x, close }: { of: DataRequest; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [granted, setGranted] = useState(true)
  const [note, setNote] = useState('')
  const [name, setName] = useState('')
  const word = typed(x.name, x.customer)
  const erases = granted && x.kind === 'erase'
  const ready = note.trim().length >= 2 && (!erases || name.trim() === word)
  const act = useAct({
    method: 'POST', path: `/privacy/requests/${encodeURIComponent(x.id)}/end`, body: () => ({ granted, note }), touches: ['/privacy', '/customers', '/home'],
    done: () => { said(t(erases ? 'erasing' : 'saved')); close() },
  })
  const label = granted ? (erases ? 'noteErase' : 'noteDone') : 'noteRefused'
  return (
    <Modal open width={560} title={t('answerTitle', { name: word })} onCancel={close} okText={t(erases ? 'saveErase' : 'save')} cancelText={k('cancel')} okButtonProps={{ disabled: !ready, danger: erases }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <div className="stack" style={{ gap: 12 }}>
        <p className="b">{t(`k_${x.kind}`)}{x.words && <span className="second" style={{ fontWeight: 400 }}> · {t('saidSo', { text: x.words })}</span>}</p>
        <Radio.Group aria-label={t('answer')} value={granted} onChange={(e) => setGranted(e.target.value as boolean)} options={[{ value: true, label: t('granted') }, { value: false, label: t('refuse') }]} />
        {granted && x.kind === 'copy' && <><p className="s13 second">{t('copyText')}</p><CopyButton id={x.customer} name={x.name} /></>}
        {granted && x.kind === 'correct' && <p className="s13 second">{t('correctText')}</p>}
        {erases && <Means id={x.customer} />}
        <label><span className="second s13">{t(label)}</span><Input.TextArea rows={2} maxLength={500} value={note} placeholder={t(`${label}Hint`)} onChange={(e) => setNote(e.target.value)} /></label>
        {erases && <TypeName word={word} value={name} onChange={setName} />}
      </div>
    </Modal>
  )
}

/** The members who have the person as a contact are named where they are known. */
function Means({ id }: { id: string }) {
  const customer = useGet<CustomerDetail>(`/customers/${encodeURIComponent(id)}`)
  return <EraseText relations={customer.data?.relations} />
}

/** Everything that is stored of a person, as a file. */
export function CopyButton({ id, name, small = false }: { id: string; name?: string; small?: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const can = useCan()
  const [save, busy] = useSave()
  if (!can('privacy.copy')) return null
  return <span><Button size={small ? 'small' : 'middle'} loading={busy} onClick={() => void save(`/customers/${encodeURIComponent(id)}/copy`, `${t('title')}-${name || id}-${f.isoDay(new Date(corpNow()))}.json`)}>{t('download')}</Button></span>
}
