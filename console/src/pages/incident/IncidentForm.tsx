// Recording a leak, and writing down what is known of it by now.
import { DatePicker, Form, Input, Modal, Select } from 'antd'
import dayjs from 'dayjs'
import { useAct } from '../../api/queries'
import type { Incident } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { useWords } from '../../i18n/i18n'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { useStaffOptions } from '../../kit/options'
import { w as kit } from '../../kit/words'
import { bodyOf, fieldsOf, type Fields } from './draft'
import { w } from './words'

const kinds = ['account', 'token', 'device', 'export', 'everything'] as const

export function IncidentForm({ of: old, close, done }: { of?: Incident; close: () => void; done?: (i: Incident) => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const staff = useStaffOptions()
  const [form] = Form.useForm<Fields>()
  const kind = Form.useWatch('kind', form) ?? old?.kind ?? 'account'
  const save = useAct<Incident, Fields>({
    method: old ? 'PUT' : 'POST', path: old ? `/incidents/${encodeURIComponent(old.id)}` : '/incidents', touches: ['/incidents', '/home'], failed: useAtForm(form),
    got: (i) => { said(t('saved')); close(); done?.(i) }, body: bodyOf,
  })
  const needed = [{ required: true, whitespace: true, message: t('needed') }]
  const time = { showTime: { format: 'HH:mm' }, format: 'YYYY-MM-DD HH:mm', style: { width: '100%' } }
  const when = [{ required: true, message: t('needed') }]
  return (
    <Modal open title={t(old ? 'change' : 'add')} onCancel={close} okText={t(old ? 'save' : 'record')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={720}>
      <Form form={form} layout="vertical" requiredMark={false} initialValues={old ? fieldsOf(old) : { kind: 'account', found_at: dayjs(corpNow()) }} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="title" label={t('what')} rules={needed}><Input maxLength={100} placeholder={t('whatHint')} /></Form.Item>
        <div className="row" style={{ gap: 12, alignItems: 'flex-start' }}>
          <Form.Item name="kind" label={t('kind')} style={{ flex: 1 }}><Select options={kinds.map((x) => ({ value: x, label: t(x) }))} /></Form.Item>
          {kind !== 'everything' && (
            <Form.Item name="ref" label={t(`ref_${kind}`)} rules={needed} style={{ flex: 1 }}>
              {kind === 'device' ? <Select options={staff} showSearch={{ optionFilterProp: 'label' }} /> : <Input maxLength={128} placeholder={kind === 'account' ? t('refHint_account') : undefined} />}
            </Form.Item>
          )}
        </div>
        <div className="row" style={{ gap: 12, alignItems: 'flex-start' }}>
          <Form.Item name="since" label={t('since')} rules={when} extra={t('sinceText')} style={{ flex: 1 }}><DatePicker {...time} /></Form.Item>
          <Form.Item name="until" label={t('until')} extra={t('untilText')} style={{ flex: 1 }}><DatePicker {...time} /></Form.Item>
          <Form.Item name="found_at" label={t('foundAt')} rules={when} style={{ flex: 1 }}><DatePicker {...time} /></Form.Item>
        </div>
        <Form.Item name="data_kinds" label={t('dataKinds')} rules={needed}><Input maxLength={500} placeholder={t('dataKindsHint')} /></Form.Item>
        <Form.Item name="cause" label={t('cause')} rules={needed}><Input.TextArea rows={2} maxLength={1000} /></Form.Item>
        <Form.Item name="harm" label={t('harm')} rules={needed}><Input.TextArea rows={2} maxLength={1000} /></Form.Item>
        <Form.Item name="remedies" label={t('remedies')}><Input.TextArea rows={2} maxLength={1000} /></Form.Item>
        <Form.Item name="advice" label={t('advice')} rules={needed}><Input.TextArea rows={2} maxLength={1000} /></Form.Item>
        <Form.Item name="contact" label={t('contact')} rules={needed}><Input maxLength={300} /></Form.Item>
      </Form>
    </Modal>
  )
}
