// Customers' separate consents that one handler gets their data: noted and taken back by people, kept with their evidence.
import { Button, Drawer, Form, Input, Modal, Select } from 'antd'
import { useState } from 'react'
import { useAct, useGet, useList } from '../../api/queries'
import type { Customer, Page, DataReceiver, ReceiverConsent } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { State } from '../../kit/marks'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './words'

export function Consents({ of: r, may, close }: { of: DataReceiver; may: boolean; close: () => void }) {
  const t = useWords(w)
  const f = useFormat()
  const k = useWords(kit)
  const actor = useActor()
  const ask = useReach()
  const path = `/receivers/${encodeURIComponent(r.id)}/consents`
  const found = useList<ReceiverConsent>(path, {})
  const [noting, setNoting] = useState(false)
  const takeBack = useAct<unknown, string>({ method: 'DELETE', path: (id) => `${path}/${encodeURIComponent(id)}`, touches: ['/receivers'] })
  return (
    <Drawer open size={720} onClose={close} title={t('consentsTitle', { name: r.name })} extra={may && r.state !== 'ended' && <Button size="small" onClick={() => setNoting(true)}>{t('noteConsent')}</Button>}>
      <p className="s13 second">{t('consentsText')}</p>
      {r.consent && <blockquote style={{ margin: '10px 0' }}>{r.consent}</blockquote>}
      <Ready query={found} rows={4}>{(d) => {
        const rows = d.pages.flatMap((p) => p.items)
        if (rows.length === 0) return <p className="s13" style={{ marginTop: 10 }}>{t('noConsents')}</p>
        return <>
          <table className="plain-table"><thead><tr><th>{t('customers')}</th><th>{t('evidence')}</th><th>{t('state')}</th><th /></tr></thead><tbody>
            {rows.map((c) => (
              <tr key={c.id} className={c.ended_at ? 'mute' : ''}>
                <td><A to={`/customers/${encodeURIComponent(c.customer.id)}`}>{c.customer.name || c.customer.id}</A></td>
                <td>{c.evidence}<div className="mute s12">{actor(c.by.name || c.by.id)} · {f.moment(c.at)}</div></td>
                <td className="nowrap"><State tone={c.ended_at ? 'plain' : 'ok'}>{t(c.ended_at ? 'taken' : 'holds')}</State>{c.ended_at && <div className="mute s12">{actor(c.ended_by?.name || c.ended_by?.id)} · {f.moment(c.ended_at)}</div>}</td>
                <td className="right">{may && !c.ended_at && <Button size="small" onClick={() => ask({ reach: t('takeBackReach', { name: c.customer.name || c.customer.id }), also: t('takeBackAlso'), button: t('takeBack'), act: () => takeBack.mutateAsync(c.customer.id) })}>{t('takeBack')}</Button>}</td>
              </tr>
            ))}
          </tbody></table>
          {found.hasNextPage && <Button size="small" style={{ marginTop: 10 }} loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{k('more')}</Button>}
        </>
      }}</Ready>
      {noting && <Note path={path} close={() => setNoting(false)} />}
    </Drawer>
  )
}

interface Fields { customers: string[]; evidence: string }

function Note({ path, close }: { path: string; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<Fields>()
  const [q, setQ] = useState('')
  const [seen, setSeen] = useState<Record<string, string>>({})
  const found = useGet<Page<Customer>>('/customers', { q, limit: 20 }, { keep: true })
  const save = useAct<{ added: number }, Fields>({ method: 'POST', path, touches: ['/receivers'], failed: useAtForm(form), got: (a) => { said(t('consentNoted', { n: a.added })); close() }, body: (v) => v })
  const options = (found.data?.items ?? []).map((c) => ({ value: c.id, label: c.name || c.id }))
  const chosen = Object.entries(seen).filter(([id]) => !options.some((o) => o.value === id)).map(([value, label]) => ({ value, label }))
  return (
    <Modal open title={t('noteConsent')} onCancel={close} okText={t('record')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={520}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="customers" label={t('customers')} rules={[{ required: true, message: t('needed') }]}>
          <Select mode="multiple" showSearch={{ filterOption: false, onSearch: setQ }} options={[...options, ...chosen]} placeholder={t('customersHint')} onSelect={(id: string) => setSeen({ ...seen, [id]: options.find((o) => o.value === id)?.label ?? id })} />
        </Form.Item>
        <Form.Item name="evidence" label={t('evidence')} rules={[{ required: true, whitespace: true, message: t('needed') }]}><Input.TextArea rows={2} maxLength={300} placeholder={t('evidenceHint')} /></Form.Item>
      </Form>
    </Modal>
  )
}
