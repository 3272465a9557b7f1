// What is wrong between a customer and us: while one is open, nothing is sold to them. Noted and ended by a person, with a reason.
import { Button, Input, Modal, Radio } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Grievance, GrievanceKind, Page as Rows } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { useSaid } from '../../kit/fail'
import { w as kit } from '../../kit/words'
import { w } from './grievanceWords'

const kinds = ['complaint', 'refund', 'upset'] as const
/** What a change here changes elsewhere: budgets, and mass messages that hold the customer. */
const touches = ['/customers', '/grievances', '/broadcasts', '/moments', '/touches']

export function Grievances({ id, past = 3 }: { id: string; past?: number }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const may = useCan()('customer.write')
  const rows = useGet<Rows<Grievance>>(`/customers/${encodeURIComponent(id)}/grievances`)
  const [noting, setNoting] = useState(false)
  const [ending, setEnding] = useState<string>()
  const all = rows.data?.items ?? []
  const open = all.filter((x) => !x.ended_at)
  const ended = all.filter((x) => x.ended_at).slice(0, past)
  return (
    <>
      {open.length === 0 && <div className="row"><span className="s13 second">{t('none')}</span>{may && <Button size="small" className="push" onClick={() => setNoting(true)}>{t('note')}</Button>}</div>}
      <ul className="stack" style={{ gap: 10, marginTop: open.length === 0 && ended.length > 0 ? 10 : 0 }}>
        {open.map((x) => (
          <li key={x.id} className="row" role="status" style={{ alignItems: 'flex-start' }}>
            <div style={{ minWidth: 0 }}><p className="s13"><span className="held">{t(x.kind)}</span> {x.overdue && <span className="bad">{t('overdue')} </span>}{x.note}</p><p className="mute s12">{[t('openSince', { date: f.moment(x.since), by: x.by.name || actor(x.by.id) }), x.due_at && t('dueBy', { date: f.moment(x.due_at) }), x.ref].filter(Boolean).join(' · ')}</p></div>
            {may && <Button size="small" className="push" onClick={() => setEnding(x.id)}>{t('end')}</Button>}
          </li>
        ))}
        {ended.map((x) => (
          <li key={x.id} className="s12 mute"><p>{t(x.kind)} · {x.outcome}</p><p>{t('endedOn', { date: f.moment(x.ended_at), by: x.ended_by?.name || x.ended_by?.id || '' })}{x.until && <span className="held"> · {t('rests', { date: f.moment(x.until) })}</span>}</p></li>
        ))}
      </ul>
      {open.length > 0 && may && <Button size="small" style={{ marginTop: 10 }} onClick={() => setNoting(true)}>{t('note')}</Button>}
      {noting && <Note id={id} close={() => setNoting(false)} />}
      {ending && <EndGrievance id={ending} close={() => setEnding(undefined)} />}
    </>
  )
}

function Note({ id, close }: { id: string; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [kind, setKind] = useState<GrievanceKind>('complaint')
  const [note, setNote] = useState('')
  const [ref, setRef] = useState('')
  const act = useAct({ method: 'POST', path: `/customers/${encodeURIComponent(id)}/grievances`, body: () => ({ kind, note, ref }), touches, done: () => { said(t('saved')); close() } })
  return (
    <Modal open title={t('noteTitle')} onCancel={close} okText={t('save')} cancelText={k('cancel')} okButtonProps={{ disabled: note.trim().length < 2 }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <div className="stack" style={{ gap: 12 }}>
        <p className="s13 second">{t('noteText')}</p>
        <Radio.Group aria-label={t('kind')} value={kind} onChange={(e) => setKind(e.target.value as GrievanceKind)} options={kinds.map((x) => ({ value: x, label: t(x) }))} />
        <label><span className="second s13">{t('about')}</span><Input.TextArea rows={3} maxLength={500} value={note} placeholder={t('aboutHint')} onChange={(e) => setNote(e.target.value)} /></label>
        <label><span className="second s13">{t('ref')}</span><Input maxLength={100} value={ref} placeholder={t('refHint')} onChange={(e) => setRef(e.target.value)} /></label>
      </div>
    </Modal>
  )
}

/** How one ended, in words that a person writes. */
export function EndGrievance({ id, close }: { id: string; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [outcome, setOutcome] = useState('')
  const act = useAct({ method: 'POST', path: `/grievances/${encodeURIComponent(id)}/end`, body: () => ({ outcome }), touches, done: () => { said(t('ended')); close() } })
  return (
    <Modal open title={t('endTitle')} onCancel={close} okText={t('end')} cancelText={k('cancel')} okButtonProps={{ disabled: outcome.trim().length < 2 }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <p className="s13 second" style={{ marginBottom: 8 }}>{t('endText')}</p>
      <Input.TextArea rows={3} maxLength={500} value={outcome} placeholder={t('endHint')} aria-label={t('endTitle')} onChange={(e) => setOutcome(e.target.value)} />
    </Modal>
  )
}
