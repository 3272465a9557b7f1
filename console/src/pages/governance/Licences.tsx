// Papers: who the corp is and what it is licensed to say. A paper is put on record or withdrawn, never changed.
import { Button, DatePicker, Form, Input, Modal, Select } from 'antd'
import type { Dayjs } from 'dayjs'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Licence, LicenceKind, Licences as LicencesData } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { RuleId, State, type Tone } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './recordWords'

const path = '/governance/licences'
const tones: Record<Licence['state'], Tone> = { in_force: 'ok', expiring: 'warn', expired: 'bad', withdrawn: 'plain' }

export function Licences() {
  const t = useWords(w)
  const me = useMe()
  const may = useCan()('licence.write') && me.scope === 'all'
  const found = useGet<LicencesData>(path)
  const [adding, setAdding] = useState(false)
  return (
    <Panel title={t('licences')} actions={may && <Button size="small" disabled={!found.data} onClick={() => setAdding(true)}>{t('addLicence')}</Button>}>
      <p className="s12 mute">{t('licencesText')}{!may && ` ${t('ownersOnly')}`}</p>
      <Ready query={found} rows={4}>{(d) => <>
        {d.items.length === 0 ? <None kinds={d.kinds} /> : <Rows data={d} may={may} />}
        {adding && <Add kinds={d.kinds} close={() => setAdding(false)} />}
      </>}</Ready>
    </Panel>
  )
}

/** Nothing is on record: what each kind of paper would change. */
function None({ kinds }: { kinds: LicenceKind[] }) {
  const t = useWords(w)
  return (
    <div style={{ marginTop: 10 }}>
      <p className="s13">{t('noLicences')}</p>
      <ul className="stack s13" style={{ gap: 6, marginTop: 8 }}>{kinds.map((k) => <li key={k.id} className="row"><span>{k.name}</span><Bears kind={k} /></li>)}</ul>
    </div>
  )
}

const Bears = ({ kind }: { kind?: LicenceKind }) => <span className="row" style={{ gap: 6 }}>{kind?.rules.map((r) => <span key={r.id} title={r.title}><RuleId id={r.id} /></span>)}</span>

function Rows({ data: d, may }: { data: LicencesData; may: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const ask = useReach()
  const actor = useActor()
  const withdraw = useAct<unknown, string>({ method: 'DELETE', path: (id) => `${path}/${encodeURIComponent(id)}`, touches: [path, '/governance', '/home'] })
  return (
    <div style={{ overflowX: 'auto', marginTop: 8 }}>
      <table className="plain-table"><thead><tr><th>{t('kind')}</th><th>{t('holder')}</th><th>{t('number')}</th><th>{t('until')}</th><th>{t('state')}</th><th /></tr></thead><tbody>
        {d.items.map((l) => (
          <tr key={l.id} className={l.state === 'withdrawn' ? 'mute' : ''}>
            <td><div>{l.kind_name}</div><Bears kind={d.kinds.find((k) => k.id === l.kind)} /></td>
            <td>{l.holder}{l.names.length > 0 && <div className="mute s12">{t('also', { names: l.names.join(t('comma')) })}</div>}</td>
            <td><code>{l.number}</code><div className="mute s12">{l.issuer}</div>{l.note && <div className="mute s12">{l.note}</div>}</td>
            <td className="nowrap">{l.valid_until ?? t('endless')}</td>
            <td><State tone={tones[l.state]}>{t(l.state)}</State><div className="mute s12 nowrap">{l.ended_at ? `${actor(l.ended_by)} · ${f.moment(l.ended_at)}` : `${actor(l.by)} · ${f.moment(l.at)}`}</div></td>
            <td className="right">{may && l.state !== 'withdrawn' && <Button size="small" onClick={() => ask({ reach: t('withdrawReach', { name: l.kind_name, number: l.number }), also: t('withdrawAlso'), button: t('withdraw'), danger: true, act: () => withdraw.mutateAsync(l.id) })}>{t('withdraw')}</Button>}</td>
          </tr>
        ))}
      </tbody></table>
    </div>
  )
}

interface Fields { kind: string; holder: string; names?: string[]; number: string; issuer: string; valid_until?: Dayjs; note?: string }

function Add({ kinds, close }: { kinds: LicenceKind[]; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<Fields>()
  const chosen = Form.useWatch('kind', form)
  const kind = kinds.find((x) => x.id === chosen)
  const save = useAct<Licence, Fields>({
    method: 'POST', path, touches: [path, '/governance', '/home'], failed: useAtForm(form), done: () => { said(t('saved')); close() },
    body: (v) => ({ kind: v.kind, holder: v.holder, names: v.names ?? [], number: v.number, issuer: v.issuer, note: v.note ?? '', ...(v.valid_until ? { valid_until: v.valid_until.format('YYYY-MM-DD') } : {}) }),
  })
  const needed = [{ required: true, whitespace: true, message: t('needed') }]
  return (
    <Modal open title={t('addLicence')} onCancel={close} okText={t('record')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={520}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="kind" label={t('kind')} rules={needed} extra={kind && <Bears kind={kind} />}><Select options={kinds.map((x) => ({ value: x.id, label: x.name }))} /></Form.Item>
        <Form.Item name="holder" label={t('holder')} rules={needed}><Input maxLength={100} /></Form.Item>
        {kind?.id === 'identity' && <Form.Item name="names" label={t('names')} extra={t('namesText')}><Select mode="tags" open={false} suffixIcon={null} maxCount={10} /></Form.Item>}
        <Form.Item name="number" label={kind ? `${t('number')} · ${kind.number}` : t('number')} rules={needed}><Input maxLength={100} /></Form.Item>
        <Form.Item name="issuer" label={t('issuer')} rules={needed}><Input maxLength={100} /></Form.Item>
        <Form.Item name="valid_until" label={t('until')}><DatePicker style={{ width: '100%' }} placeholder={t('endless')} disabledDate={(day) => day.valueOf() < corpNow() - 86_400_000} /></Form.Item>
        <Form.Item name="note" label={t('note')}><Input maxLength={300} placeholder={t('noteHint')} /></Form.Item>
      </Form>
    </Modal>
  )
}
