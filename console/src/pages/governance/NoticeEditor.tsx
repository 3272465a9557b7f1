// The notice is written here and published as a new version. How far it reaches is said before it is.
import { Button, Checkbox, Drawer, Form, Input, Switch } from 'antd'
import { useState } from 'react'
import { useAct } from '../../api/queries'
import type { PrivacyNotice, Purposes as Register } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { useReach } from '../../kit/reach'
import { draftOf, parts, published, unnamed, type Draft } from './noticeDraft'
import { w } from './purposeWords'

const most = 2000

export function NoticeEditor({ register, was, close }: { register: Register; was?: PrivacyNotice; close: () => void }) {
  const t = useWords(w)
  const said = useSaid()
  const ask = useReach()
  const [form] = Form.useForm<Draft>()
  const named = Form.useWatch('named', form)
  const first = draftOf(register.purposes, was?.body)
  const [english, setEnglish] = useState(JSON.stringify(was?.body ?? {}).includes('"en"'))
  const version = (was?.version ?? 0) + 1
  const save = useAct<PrivacyNotice, Draft>({
    method: 'POST', path: '/governance/notices', body: (d) => ({ text: published(register.purposes, d), again: d.again, changes: d.changes }), failed: useAtForm(form),
    touches: ['/governance', '/home', '/customers', '/broadcasts', '/moments'], done: () => { said(t('published')); close() },
  })
  const publish = (d: Draft) => {
    const stops = unnamed(register.purposes, d)
    ask({
      reach: d.again ? t('reachAgain', { n: version, customers: register.customers }) : t('reach', { n: version }),
      also: stops.length > 0 ? t('reachAlso', { list: stops.map((p) => p.title).join(t('comma')) }) : t('reachAll'),
      button: t('publishButton', { n: version }), danger: d.again, act: () => save.mutateAsync(d),
    })
  }
  const text = (name: (string | number)[], label: string, hint?: string) => (
    <div key={name.join('.')}>
      <Form.Item name={[...name, 'zh']} label={label} rules={[{ required: true, whitespace: true, min: 4, message: t('needed') }]}><Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} maxLength={most} placeholder={hint} /></Form.Item>
      {english && <Form.Item name={[...name, 'en']} label={`${label} · ${t('en')}`}><Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} maxLength={most} /></Form.Item>}
    </div>
  )
  return (
    <Drawer open onClose={close} size={640} title={t('publishButton', { n: version })}>
      <Form<Draft> form={form} layout="vertical" requiredMark={false} initialValues={first} onFinish={publish}>
        {/* Values of purposes that are not shown are kept, so that a purpose can be left out and taken in again. */}
        <Form.Item label={t('english')} layout="horizontal" colon={false}><Switch size="small" checked={english} onChange={setEnglish} aria-label={t('english')} /></Form.Item>
        {text(['parts', 'who'], t('who'), t('whoHint'))}
        <Form.Item name="named" label={t('what')} extra={t('whatText')}><Checkbox.Group options={register.purposes.map((p) => ({ value: p.id, label: p.title, disabled: p.must }))} /></Form.Item>
        {register.purposes.filter((p) => p.must || (named ?? first.named).includes(p.id)).map((p) => text(['purposes', p.id], t('textOf', { name: p.title }), p.does))}
        {parts.filter((p) => p !== 'who').map((p) => text(['parts', p], t(p), t(`${p}Hint`)))}
        <Form.Item name="changes" label={t('changed')} rules={[{ required: true, whitespace: true, min: 2, message: t('needed') }]}><Input maxLength={500} placeholder={t('changedHint')} /></Form.Item>
        <Form.Item name="again" valuePropName="checked" extra={t('againText')}><Checkbox>{t('againLabel')}</Checkbox></Form.Item>
        <Button type="primary" htmlType="submit" loading={save.isPending}>{t('publish')}</Button>
      </Form>
    </Drawer>
  )
}
