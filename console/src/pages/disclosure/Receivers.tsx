// Who gets customers' data from the corp, the consents it rests on, and every export.
import { Button, Checkbox, DatePicker, Form, Input, Modal, Radio } from 'antd'
import type { Dayjs } from 'dayjs'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Page as Items, DataReceiver } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { RuleId, State, type Tone } from '../../kit/marks'
import { Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { Consents } from './Consents'
import { Exports } from './Exports'
import { w } from './words'

const path = '/receivers'
const tones: Record<DataReceiver['state'], Tone> = { live: 'ok', ending: 'warn', past: 'bad', ended: 'plain' }

export function Receivers() {
  const t = useWords(w)
  const me = useMe()
  const may = useCan()('receiver.write') && me.scope === 'all'
  const found = useGet<Items<DataReceiver>>(path)
  const [adding, setAdding] = useState(false)
  return (
    <Page title={t('title')} meta={t('meta')}>
      <div className="stack" style={{ gap: 16 }}>
        <Exports />
        <Panel title={t('receivers')} actions={may && <Button size="small" onClick={() => setAdding(true)}>{t('add')}</Button>}>
          <p className="s12 mute"><RuleId id="LAW-15" /> {t('receiversText')}</p>
          <Ready query={found} rows={3}>{(d) => (d.items.length === 0 ? <p className="s13" style={{ marginTop: 10 }}>{t('none')}</p> : <Rows rows={d.items} may={may} />)}</Ready>
        </Panel>
      </div>
      {adding && <Add close={() => setAdding(false)} />}
    </Page>
  )
}

function Rows({ rows, may }: { rows: DataReceiver[]; may: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const [ending, setEnding] = useState<DataReceiver>()
  const [consents, setConsents] = useState<DataReceiver>()
  return (
    <div style={{ overflowX: 'auto', marginTop: 8 }}>
      <table className="plain-table"><thead><tr><th>{t('name')}</th><th>{t('contract')}</th><th>{t('dataKinds')}</th><th>{t('purpose')}</th><th>{t('state')}</th><th /></tr></thead><tbody>
        {rows.map((r) => (
          <tr key={r.id} className={r.state === 'ended' ? 'mute' : ''}>
            <td>{r.name}<div className="mute s12">{t(r.kind === 'handler' ? 'handlerShort' : 'entrustedShort')}{r.abroad && ` · ${t('abroadShort')}`}{r.contact && ` · ${r.contact}`}</div></td>
            <td className="nowrap">{r.contract}<div className="mute s12">{t('until')} {r.contract_until}</div></td>
            <td>{r.data_kinds}</td>
            <td>{r.purpose}{r.assessments.length > 0 && <div className="mute s12">{t('basis', { numbers: r.assessments.join(' ') })}</div>}</td>
            <td><State tone={tones[r.state]}>{t(r.state)}</State><div className="mute s12 nowrap">{r.ended_at ? `${actor(r.ended_by?.name || r.ended_by?.id)} · ${f.moment(r.ended_at)}` : `${actor(r.by.name || r.by.id)} · ${f.moment(r.at)}`}</div>{r.ended_why && <div className="mute s12">{r.ended_why}</div>}</td>
            <td className="right nowrap"><span className="row" style={{ gap: 6, justifyContent: 'flex-end' }}>
              {r.kind === 'handler' && <Button size="small" onClick={() => setConsents(r)}>{t('consents', { n: r.consents })}</Button>}
              {may && r.state !== 'ended' && <Button size="small" onClick={() => setEnding(r)}>{t('end')}</Button>}
            </span></td>
          </tr>
        ))}
      </tbody></table>
      {ending && <End of={ending} close={() => setEnding(undefined)} />}
      {consents && <Consents of={consents} may={may} close={() => setConsents(undefined)} />}
    </div>
  )
}

interface Fields { name: string; kind: DataReceiver['kind']; contract: string; contract_until: Dayjs; data_kinds: string; purpose: string; contact?: string; consent?: string; abroad?: boolean }

function Add({ close }: { close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<Fields>()
  const handler = Form.useWatch('kind', form) === 'handler'
  const save = useAct<DataReceiver, Fields>({
    method: 'POST', path, touches: [path], failed: useAtForm(form), done: () => { said(t('saved')); close() },
    body: (v) => ({ ...v, contract_until: v.contract_until.format('YYYY-MM-DD'), contact: v.contact ?? '', consent: v.kind === 'handler' ? v.consent : '', abroad: v.abroad ?? false }),
  })
  const needed = [{ required: true, whitespace: true, message: t('needed') }]
  return (
    <Modal open title={t('add')} onCancel={close} okText={t('record')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={600}>
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ kind: 'entrusted' }} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="kind" label={t('kind')}><Radio.Group options={(['entrusted', 'handler'] as const).map((x) => ({ value: x, label: t(x) }))} /></Form.Item>
        <Form.Item name="name" label={t('name')} rules={needed}><Input maxLength={100} placeholder={t('nameHint')} /></Form.Item>
        <div className="row" style={{ gap: 12, alignItems: 'flex-start' }}>
          <Form.Item name="contract" label={t('contract')} rules={needed} style={{ flex: 1 }}><Input maxLength={100} /></Form.Item>
          <Form.Item name="contract_until" label={t('until')} rules={[{ required: true, message: t('needed') }]} style={{ flex: 1 }}><DatePicker style={{ width: '100%' }} disabledDate={(day) => day.endOf('day').valueOf() < corpNow()} /></Form.Item>
        </div>
        <Form.Item name="data_kinds" label={t('dataKinds')} rules={needed}><Input maxLength={300} placeholder={t('dataKindsHint')} /></Form.Item>
        <Form.Item name="purpose" label={t('purpose')} rules={needed}><Input maxLength={300} /></Form.Item>
        {handler && <Form.Item name="consent" label={t('consentWords')} rules={needed}><Input.TextArea rows={3} maxLength={500} placeholder={t('consentHint')} /></Form.Item>}
        <Form.Item name="contact" label={t('contact')}><Input maxLength={200} /></Form.Item>
        <Form.Item name="abroad" valuePropName="checked"><Checkbox>{t('abroad')}</Checkbox></Form.Item>
      </Form>
    </Modal>
  )
}

function End({ of: r, close }: { of: DataReceiver; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<{ why: string }>()
  const save = useAct<unknown, { why: string }>({ method: 'POST', path: `${path}/${encodeURIComponent(r.id)}/end`, touches: [path], failed: useAtForm(form), done: () => { said(t('endedSaid')); close() }, body: (v) => v })
  return (
    <Modal open title={t('endTitle', { name: r.name })} onCancel={close} okText={t('end')} okButtonProps={{ danger: true }} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={480}>
      <p className="s13 second" style={{ marginBottom: 12 }}>{t('endText')}</p>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="why" label={t('endWhy')} rules={[{ required: true, whitespace: true, message: t('needed') }]}><Input.TextArea rows={2} maxLength={300} /></Form.Item>
      </Form>
    </Modal>
  )
}
