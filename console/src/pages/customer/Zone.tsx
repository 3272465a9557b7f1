// The zone a customer lives in, where somebody said: quiet hours are then those of that zone. Nothing is guessed.
import { Input, Modal } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { CustomerZone } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { useSaid } from '../../kit/fail'
import { w as kit } from '../../kit/words'
import { w } from './zoneWords'

export function Zone({ id }: { id: string }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const may = useCan()('customer.write')
  const zone = useGet<CustomerZone>(`/customers/${encodeURIComponent(id)}/zone`)
  const [editing, setEditing] = useState(false)
  const z = zone.data
  if (!z) return null
  return (
    <>
      {z.zone || <span className="second">{t('unknown', { zone: z.corp })}</span>} {may && <button type="button" className="linky" onClick={() => setEditing(true)}>{t('change')}</button>}
      {z.by && <div className="mute s12">{t(z.via === 'import' ? 'byImport' : z.via === 'api' ? 'byApi' : 'byStaff', { who: z.by.name || actor(z.by.id), date: f.date(z.set_at) })}</div>}
      {editing && <Edit id={id} was={z.zone} corp={z.corp} close={() => setEditing(false)} />}
    </>
  )
}

function Edit({ id, was, corp, close }: { id: string; was: string; corp: string; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [zone, setZone] = useState(was)
  const save = useAct({ method: 'PUT', path: `/customers/${encodeURIComponent(id)}/zone`, body: () => ({ zone }), touches: ['/customers', '/broadcasts', '/touches'], done: () => { said(t('saved')); close() } })
  return (
    <Modal open title={t('title')} onCancel={close} okText={t('save')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => save.mutate()}>
      <p className="s13 second" style={{ marginBottom: 8 }}>{t('text', { zone: corp })}</p>
      <Input value={zone} maxLength={64} aria-label={t('title')} placeholder="Asia/Urumqi" onChange={(e) => setZone(e.target.value)} />
    </Modal>
  )
}
