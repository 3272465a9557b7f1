import { Button, Drawer, Form, Input, Radio, Select, Switch } from 'antd'
import { apiPath } from '../../api/client'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Check, Contactway, ContactwayDraft, Welcome, WelcomeDraft } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useGo } from '../../kit/A'
import { useAtForm, useAtMost } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { refuses } from '../../kit/findings'
import { useDepartmentOptions, useStaffOptions, useTagOptions } from '../../kit/options'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { Room } from './Room'
import { w } from './words'

interface Fields { name: string; staff: string[]; departments: string[]; skip_verify: boolean; remark: string; tags: string[]; purpose: ContactwayDraft['purpose']; welcome?: string }

export function ContactwayDrawer({ id, close }: { id: string; close: () => void }) {
  const t = useWords(w)
  const isNew = id === 'new'
  const found = useGet<Contactway>(isNew ? null : `/contactways/${encodeURIComponent(id)}`)
  return (
    <Drawer open onClose={close} size={480} title={isNew ? t('create') : (found.data?.name ?? t('edit'))}>
      {isNew ? <Edit close={close} /> : <Ready query={found}>{(way) => <Edit way={way} close={close} />}</Ready>}
    </Drawer>
  )
}

function Edit({ way, close }: { way?: Contactway; close: () => void }) {
  const t = useWords(w)
  const go = useGo()
  const ask = useReach()
  const said = useSaid()
  const can = useCan()
  const may = can('contactway.write')
  const atMost = useAtMost()
  const staff = useStaffOptions()
  const departments = useDepartmentOptions()
  const tags = useTagOptions()
  const path = way ? `/contactways/${encodeURIComponent(way.id)}` : '/contactways'
  const [form] = Form.useForm<Fields>()
  const atForm = useAtForm(form)
  const greet = useAct<Welcome, WelcomeDraft>({ method: 'POST', path: '/welcomes', body: (v) => v, touches: ['/welcomes'] })
  const save = useAct<Contactway, Fields>({
    method: way ? 'PATCH' : 'POST', path, touches: ['/contactways'], failed: atForm, body: ({ welcome: _, ...v }): ContactwayDraft => ({ ...v, departments: v.departments.map(Number) }),
    got: (made, v) => {
      if (v.welcome?.trim()) greet.mutate({ name: v.name, enabled: true, text: v.welcome, scope: { kind: 'contactway', contactway_ids: [made.id] } })
      said(t('saved'))
      close()
    },
  })
  // Before the code is made, so that a welcome that would be refused is still there to be mended.
  const check = useAct<Check, Fields>({
    method: 'POST', path: '/welcomes/check', body: (v) => ({ text: v.welcome ?? '', attachments: [] }), failed: atForm,
    got: (found, v) => {
      const refused = found.findings.filter((x) => refuses(x.severity)).map((x) => [x.text && `「${x.text}」`, x.reason, x.way_out].filter(Boolean).join(' '))
      if (refused.length > 0) form.setFields([{ name: 'welcome', errors: refused }])
      else save.mutate(v)
    },
  })
  const remove = useAct({ method: 'DELETE', path, touches: ['/contactways'], done: close })
  return (
    <Form<Fields>
      form={form} layout="vertical" requiredMark={false} disabled={!may} onFinish={(v) => (v.welcome?.trim() ? check : save).mutate(v)}
      initialValues={{ name: way?.name ?? '', staff: way?.staff.map((s) => s.id) ?? [], departments: way?.departments.map(String) ?? [], skip_verify: way?.skip_verify ?? true, purpose: way?.purpose ?? 'service_and_marketing', remark: way?.remark ?? '', tags: way?.tags.map((x) => x.id) ?? [] }}
    >
      {way && (
        <div className="row" style={{ gap: 16, marginBottom: 20, alignItems: 'flex-start' }}>
          <img src={way.qr_code} alt={t('code')} width={132} height={132} style={{ borderRadius: 8, border: '1px solid var(--line)' }} />
          <div className="stack" style={{ gap: 8, justifyItems: 'start' }}>
            <Button disabled={false} href={apiPath(`/contactways/${encodeURIComponent(way.id)}/qr.png`)} download={`${way.name}.png`}>{t('download')}</Button>
            <Button disabled={false} onClick={() => go(`/customers?channel=${encodeURIComponent(way.state)}`)}>{t('seeCustomers')}</Button>
          </div>
        </div>
      )}
      <Form.Item name="name" label={t('name')} rules={[{ required: true, whitespace: true, message: t('needName') }]}><Input placeholder={t('nameHint')} maxLength={50} /></Form.Item>
      <Form.Item name="staff" label={t('staff')} dependencies={['departments']} rules={[({ getFieldValue }) => ({ validator: async (_, v: string[]) => { if (v.length + ((getFieldValue('departments') as string[] | undefined)?.length ?? 0) === 0) throw new Error(t('needStaff')) } })]}><Select mode="multiple" options={staff} placeholder={t('staffHint')} showSearch={{ optionFilterProp: 'label' }} /></Form.Item>
      {way && <Room way={way} />}
      <Form.Item name="departments" label={t('departments')}><Select mode="multiple" options={departments} placeholder={t('departmentsHint')} showSearch={{ optionFilterProp: 'label' }} /></Form.Item>
      {!way && can('welcome.write') && <Form.Item name="welcome" label={t('welcome')} rules={[atMost(4000)]}><Input.TextArea placeholder={t('welcomeHint')} autoSize={{ minRows: 2, maxRows: 6 }} /></Form.Item>}
      <Form.Item name="tags" label={t('tags')}><Select mode="multiple" options={tags} placeholder={t('tagsHint')} showSearch={{ optionFilterProp: 'label' }} /></Form.Item>
      <Form.Item name="purpose" label={t('purpose')} extra={t(way ? 'purposeChange' : 'purposeText')}><Radio.Group options={[{ value: 'service_and_marketing', label: t('forBoth') }, { value: 'service', label: t('forService') }]} /></Form.Item>
      <Form.Item name="remark" label={t('remark')}><Input maxLength={30} /></Form.Item>
      <Form.Item name="skip_verify" label={t('skip')} valuePropName="checked" layout="horizontal" colon={false}><Switch size="small" /></Form.Item>
      {may && (
        <div className="row">
          <Button type="primary" htmlType="submit" loading={save.isPending || check.isPending}>{way ? t('save') : t('make')}</Button>
          {way && <Button className="push" onClick={() => ask({ reach: t('removeReach', { name: way.name }), also: t('removeAlso', { n: way.customers }), button: t('removeButton'), danger: true, act: () => remove.mutateAsync() })}>{t('remove')}</Button>}
        </div>
      )}
    </Form>
  )
}
