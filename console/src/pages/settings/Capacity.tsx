// How much room for customers the corp and its members have. WeCom tells its numbers by no interface: an owner notes them.
import { Button, Form, InputNumber, Modal } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { StaffCapacity } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { A } from '../../kit/A'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { RuleId, State, type Tone } from '../../kit/marks'
import { Facts, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './capacityWords'

const path = '/staff/capacity'

/** How full: the rule's nine tenths warn. */
export function filled(n: number, of: number): Tone { return n >= of ? 'bad' : n * 10 >= of * 9 ? 'warn' : 'plain' }

export function Capacity() {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const me = useMe()
  const may = useCan()('staff.write') && me.scope === 'all'
  const found = useGet<StaffCapacity>(me.scope === 'all' ? path : null)
  const [open, setOpen] = useState(false)
  if (me.scope !== 'all') return null
  return (
    <Panel title={t('title')} sub={<RuleId id="WC-10" />} actions={may && <Button size="small" disabled={!found.data} onClick={() => setOpen(true)}>{t('change')}</Button>}>
      <Ready query={found} rows={3}>{(c) => <>
        <Facts rows={[
          [t('corp'), <State key="c" tone={filled(c.customers, c.corp)}>{t('of', { n: f.count(c.customers), most: f.count(c.corp) })}</State>],
          [t('member'), t('each', { most: f.count(c.member) })],
          [t('tight'), c.tight === 0 ? t('nobody') : t('tightOf', { n: c.tight, full: c.full })],
        ]} />
        {c.fullest.length > 0 && <ul className="s13" style={{ marginTop: 8, paddingLeft: 18 }}>{c.fullest.map((s) => <li key={s.id}><A to={`/customers?staff=${encodeURIComponent(s.id)}`}>{s.name || s.id}</A> {t('of', { n: f.count(s.customers), most: f.count(c.member) })}</li>)}</ul>}
        <p className="s12 mute" style={{ marginTop: 8 }}>{t('text')} {c.set_at ? t('setBy', { who: actor(c.set_by ?? ''), at: f.moment(c.set_at) }) : t('byRule')}</p>
        {open && <Change now={c} close={() => setOpen(false)} />}
      </>}</Ready>
    </Panel>
  )
}

interface Fields { corp: number; member: number }

function Change({ now, close }: { now: StaffCapacity; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const said = useSaid()
  const [form] = Form.useForm<Fields>()
  const save = useAct<StaffCapacity, Fields>({ method: 'PUT', path, body: (v) => v, touches: ['/staff', '/contactways', '/home'], failed: useAtForm(form), done: () => { said(t('saved')); close() } })
  const needed = [{ required: true, message: t('needed') }]
  return (
    <Modal open title={t('change')} onCancel={close} okText={t('save')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={480}>
      <p className="s13 mute">{t('changeText')}</p>
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ corp: now.corp, member: now.member }} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="corp" label={t('corp')} rules={needed} extra={t('corpText', { n: f.count(now.unverified) })}><InputNumber min={1} max={100_000_000} precision={0} style={{ width: 180 }} /></Form.Item>
        <Form.Item name="member" label={t('member')} rules={needed} extra={t('memberText', { n: f.count(now.member_max) })}><InputNumber min={1} max={now.member_max} precision={0} style={{ width: 180 }} /></Form.Item>
      </Form>
    </Modal>
  )
}
