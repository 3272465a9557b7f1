// Keys for other programs: made once, shown once, revoked at once.
import { Button, DatePicker, Form, Input, Modal, Select } from 'antd'
import type { Dayjs } from 'dayjs'
import { useState } from 'react'
import { useAct } from '../../api/queries'
import { useCan } from '../../api/session'
import type { ApiToken, Role, Scope } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { corpNow } from '../../i18n/clock'
import { useAtForm } from '../../kit/atField'
import { Icon } from '../../kit/Icon'
import { List, type Column } from '../../kit/List'
import { useStaffOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { useCopy } from '../../kit/useCopy'
import { w as kit } from '../../kit/words'
import { w } from './words'
import './settings.css'

export function Tokens() {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const ask = useReach()
  const may = useCan()('token.write')
  const [making, setMaking] = useState(false)
  const revoke = useAct<unknown, string>({ method: 'DELETE', path: (id) => `/tokens/${encodeURIComponent(id)}`, touches: ['/tokens'] })
  const create = may && <Button type="primary" icon={<Icon name="plus" />} onClick={() => setMaking(true)}>{t('newToken')}</Button>
  const columns: Column<ApiToken>[] = [
    { key: 'name', title: t('tokenName'), render: (x) => x.name },
    { key: 'role', title: t('role'), render: (x) => k(`role_${x.role}`) },
    { key: 'scope', title: t('scope'), render: (x) => k(`scope_${x.scope}`) },
    { key: 'made', title: t('made'), render: (x) => <span className="nowrap">{f.moment(x.created_at)}</span> },
    { key: 'used', title: t('lastUsed'), render: (x) => <span className="nowrap">{f.moment(x.used_at)}</span> },
    { key: 'expires', title: t('expires'), render: (x) => (x.expires_at ? <span className="nowrap">{f.date(x.expires_at)}</span> : t('never')) },
    { key: 'revoke', title: '', num: true, render: (x) => (may ? <Button size="small" onClick={() => ask({ reach: t('revokeReach', { name: x.name }), also: t('revokeAlso'), button: t('revokeButton'), danger: true, act: () => revoke.mutateAsync(x.id) })}>{t('revoke')}</Button> : null) },
  ]
  return (
    <Page title={t('tokens')} meta={t('tokensMeta')} actions={create}>
      <List<ApiToken> id="tokens" path="/tokens" rowKey={(x) => x.id} columns={columns} empty={{ title: t('noTokens'), text: t('noTokensText'), action: create }} />
      {making && <Make close={() => setMaking(false)} />}
    </Page>
  )
}

interface Fields { name: string; role: Role; scope: Scope; staff_id?: string; expires_at?: Dayjs }

function Make({ close }: { close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const copy = useCopy()
  const [form] = Form.useForm<Fields>()
  const scope = Form.useWatch('scope', form) ?? 'all'
  const staff = useStaffOptions()
  const make = useAct<{ token: string }, Fields>({ method: 'POST', path: '/tokens', body: (v) => ({ name: v.name, role: v.role, scope: v.scope, ...(v.scope === 'all' ? {} : { staff_id: v.staff_id }), ...(v.expires_at ? { expires_at: v.expires_at.endOf('day').toISOString() } : {}) }), touches: ['/tokens'], failed: useAtForm(form) })
  if (make.data) {
    return (
      <Modal open title={t('newToken')} closable={false} okText={t('done')} cancelButtonProps={{ style: { display: 'none' } }} onOk={close} width={480}>
        <p className="warn b">{t('tokenOnce')}</p><code className="once">{make.data.token}</code><Button size="small" onClick={() => copy(make.data.token)}>{t('copy')}</Button>
      </Modal>
    )
  }
  return (
    <Modal open title={t('newToken')} onCancel={close} okText={t('makeToken')} cancelText={k('cancel')} confirmLoading={make.isPending} onOk={() => form.submit()} width={440}>
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ role: 'auditor', scope: 'all' }} onFinish={(v) => make.mutate(v)}>
        <Form.Item name="name" label={t('tokenName')} rules={[{ required: true, whitespace: true, message: t('needName') }]}><Input placeholder={t('tokenHint')} maxLength={60} /></Form.Item>
        <Form.Item name="role" label={t('role')}><Select options={(['manager', 'operator', 'staff', 'auditor'] as const).map((r) => ({ value: r, label: `${k(`role_${r}`)} · ${t(`rd_${r}`)}` }))} /></Form.Item>
        <Form.Item name="scope" label={t('scope')}><Select options={(['own', 'department', 'all'] as const).map((s) => ({ value: s, label: k(`scope_${s}`) }))} /></Form.Item>
        {scope !== 'all' && <Form.Item name="staff_id" label={t('tokenStaff')} rules={[{ required: true, message: t('needTokenStaff') }]}><Select options={staff} placeholder={t('tokenStaffHint')} showSearch={{ optionFilterProp: 'label' }} /></Form.Item>}
        <Form.Item name="expires_at" label={t('expires')}><DatePicker style={{ width: '100%' }} placeholder={t('never')} disabledDate={(day) => day.valueOf() < corpNow() - 86_400_000} /></Form.Item>
      </Form>
    </Modal>
  )
}
