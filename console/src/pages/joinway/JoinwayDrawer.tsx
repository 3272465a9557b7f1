import { Button, Drawer, Form, Input, InputNumber, Select, Switch } from 'antd'
import { useAct, useGet, useList } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Groupchat, Joinway } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { href } from '../../kit/A'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { useCopy } from '../../kit/useCopy'
import { RoomBar } from './RoomBar'
import { w } from './words'

interface Fields { name: string; remark: string; chat_ids: string[]; auto_create_room: boolean; room_base_name: string; room_base_id: number }

export function JoinwayDrawer({ id, close }: { id: string; close: () => void }) {
  const t = useWords(w)
  const isNew = id === 'new'
  const found = useGet<Joinway>(isNew ? null : `/joinways/${encodeURIComponent(id)}`)
  return (
    <Drawer open onClose={close} size={480} title={isNew ? t('create') : (found.data?.name ?? t('edit'))}>
      {isNew ? <Edit close={close} /> : <Ready query={found}>{(way) => <Edit way={way} close={close} />}</Ready>}
    </Drawer>
  )
}

function Edit({ way, close }: { way?: Joinway; close: () => void }) {
  const t = useWords(w)
  const ask = useReach()
  const said = useSaid()
  const copy = useCopy()
  const may = useCan()('joinway.write')
  const groups = useList<Groupchat>('/groupchats', { state: 'live' }, '', 200)
  const options = (groups.data?.pages.flatMap((p) => p.items) ?? []).map((g) => ({ value: g.id, label: `${g.name}（${g.members}）` }))
  const [form] = Form.useForm<Fields>()
  const path = way ? `/joinways/${encodeURIComponent(way.id)}` : '/joinways'
  const save = useAct<Joinway, Fields>({ method: way ? 'PATCH' : 'POST', path, body: (v) => v, touches: ['/joinways'], failed: useAtForm(form), done: () => { said(t('saved')); close() } })
  const remove = useAct({ method: 'DELETE', path, touches: ['/joinways'], done: close })
  const auto = Form.useWatch('auto_create_room', form)
  const page = way ? new URL(href(way.page_url), location.origin).href : ''
  return (
    <Form<Fields>
      form={form} layout="vertical" requiredMark={false} disabled={!may} onFinish={(v) => save.mutate({ ...v, room_base_name: v.room_base_name ?? '', room_base_id: v.room_base_id ?? 1 })}
      initialValues={{ name: way?.name ?? '', remark: way?.remark ?? '', chat_ids: way?.rooms.map((r) => r.chat_id) ?? [], auto_create_room: way?.auto_create_room ?? true, room_base_name: way?.room_base_name ?? '', room_base_id: way?.room_base_id ?? 1 }}
    >
      {way && (
        <div className="row" style={{ gap: 16, marginBottom: 20, alignItems: 'flex-start' }}>
          <img src={way.qr_code} alt={t('code')} width={132} height={132} style={{ borderRadius: 8, border: '1px solid var(--line)' }} />
          <div className="stack" style={{ gap: 8, flex: 1, minWidth: 0 }}>
            {way.rooms.map((r) => <RoomBar key={r.chat_id} room={r} />)}
            {way.page_url && <div className="row s13"><span className="second">{t('page')}</span><button type="button" className="linky" onClick={() => copy(page)}>{t('copy')}</button><a href={page} target="_blank" rel="noreferrer">{t('open')}</a></div>}
          </div>
        </div>
      )}
      <Form.Item name="name" label={t('name')} rules={[{ required: true, whitespace: true, message: t('needName') }]}><Input placeholder={t('nameHint')} maxLength={60} /></Form.Item>
      <Form.Item name="chat_ids" label={t('rooms')} extra={t('roomsHint', { n: 200 })} rules={[{ type: 'array', min: 1, max: 5, required: true, message: t('needRooms') }]}><Select mode="multiple" maxCount={5} placeholder={t('roomsPick')} options={options} showSearch={{ optionFilterProp: 'label' }} /></Form.Item>
      <Form.Item name="auto_create_room" label={t('auto')} valuePropName="checked" layout="horizontal" colon={false}><Switch size="small" /></Form.Item>
      {auto && <div className="row" style={{ alignItems: 'flex-start' }}><Form.Item name="room_base_name" label={t('autoName')} style={{ flex: 1 }} rules={[{ required: true, message: t('needName') }]}><Input maxLength={40} /></Form.Item><Form.Item name="room_base_id" label={t('autoNo')}><InputNumber min={1} /></Form.Item></div>}
      <Form.Item name="remark" label={t('remark')}><Input maxLength={30} /></Form.Item>
      {may && (
        <div className="row">
          <Button type="primary" htmlType="submit" loading={save.isPending}>{way ? t('save') : t('make')}</Button>
          {way && <Button className="push" onClick={() => ask({ reach: t('removeReach', { name: way.name }), also: t('removeAlso', { n: way.joined }), button: t('removeButton'), danger: true, act: () => remove.mutateAsync() })}>{t('remove')}</Button>}
        </div>
      )}
    </Form>
  )
}
