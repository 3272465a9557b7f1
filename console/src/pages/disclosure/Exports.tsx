// Every export on record: who, for what, to whom, how many, exactly whom; what waits is decided here by a second person.
import { Button, Drawer, Form, Input, InputNumber, Modal } from 'antd'
import { useState } from 'react'
import { apiPath } from '../../api/client'
import { useLive } from '../../api/live'
import { useAct, useGet, useInvalidateSoon, useList } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Export, Exported, ExportLimit } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { RuleId, State, type Tone } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Failed, Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './words'

const path = '/exports'
const tones: Record<Export['state'], Tone> = { making: 'plain', waiting: 'warn', ready: 'ok', over: 'plain', refused: 'bad' }

export function Exports() {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const can = useCan()
  const me = useMe()
  const soon = useInvalidateSoon()
  useLive('export', () => soon(path))
  const [mark, setMark] = useState('')
  const may = can('export.read')
  const found = useList<Export>(may ? path : null, { mark }, '', 20)
  const limit = useGet<ExportLimit>(may ? '/export-limit' : null)
  const [setting, setSetting] = useState(false)
  if (!may) return null
  return (
    <Panel title={t('exports')} actions={<Input.Search size="small" allowClear style={{ width: 280 }} placeholder={t('find')} aria-label={t('find')} onSearch={(v) => setMark(v.trim())} />}>
      <p className="s12 mute"><RuleId id="WC-15" /> {t('exportsText')}</p>
      {limit.data && <p className="s13" style={{ marginTop: 6 }}>
        {t('limit', { n: limit.data.size })} {limit.data.next_at && t('limitNext', { at: f.moment(limit.data.next_at), n: limit.data.next ?? 0 })}
        {can('export.limit') && me.scope === 'all' && <> <button type="button" className="linky" onClick={() => setSetting(true)}>{t('setLimit')}</button></>}
      </p>}
      {found.error && mark ? <Failed error={found.error} /> : (
        <Ready query={found} rows={3}>{(d) => {
          const rows = d.pages.flatMap((p) => p.items)
          return rows.length === 0 ? <p className="s13" style={{ marginTop: 10 }}>{t('noExports')}</p> : <>
            <Rows rows={rows} whole={me.scope === 'all'} />
            {found.hasNextPage && <Button size="small" style={{ marginTop: 10 }} loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{k('more')}</Button>}
          </>
        }}</Ready>
      )}
      {setting && limit.data && <SetLimit now={limit.data.next ?? limit.data.size} close={() => setSetting(false)} />}
    </Panel>
  )
}

function Rows({ rows, whole }: { rows: Export[]; whole: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const ask = useReach()
  const said = useSaid()
  const [whom, setWhom] = useState<Export>()
  const [refusing, setRefusing] = useState<Export>()
  const approve = useAct<Export, Export>({ method: 'POST', path: (e) => `${path}/${encodeURIComponent(e.id)}/approve`, body: (e) => ({ size: e.size }), touches: [path, '/home'], done: () => said(t('approved')) })
  const to = (e: Export) => (e.receiver.id === '0' ? t('ourselves') : e.receiver.name || e.receiver.id)
  return (
    <div style={{ overflowX: 'auto', marginTop: 8 }}>
      <table className="plain-table"><thead><tr><th>{t('at')}</th><th>{t('why')}</th><th>{t('to')}</th><th className="right">{t('size')}</th><th>{t('state')}</th><th /></tr></thead><tbody>
        {rows.map((e) => (
          <tr key={e.id}>
            <td className="nowrap">{f.moment(e.at)}<div className="mute s12">{actor(e.by.name || e.by.id)}</div></td>
            <td>{e.purpose}<div className="mute s12"><code>{e.mark}</code></div></td>
            <td>{to(e)}{e.left_out > 0 && <div className="mute s12">{t('leftOut', { n: e.left_out })}</div>}</td>
            <td className="right">{f.count(e.size)}</td>
            <td><State tone={tones[e.state]}>{t(e.state)}</State>
              <div className="mute s12">{e.state === 'waiting' ? e.own && t('ownWaits') : e.state === 'refused' ? e.note : e.fetched_at ? t('fetched', { n: e.fetches, at: f.moment(e.fetched_at) }) : t('neverFetched')}</div>
              {e.decided_at && <div className="mute s12 nowrap">{t('decided', { who: actor(e.decided_by?.name || e.decided_by?.id), at: f.moment(e.decided_at) })}</div>}
            </td>
            <td className="right nowrap"><span className="row" style={{ gap: 6, justifyContent: 'flex-end' }}>
              {e.may_decide && <>
                <Button size="small" type="primary" onClick={() => ask({ reach: t('approveReach', { who: actor(e.by.name || e.by.id), n: e.size }), also: t('approveAlso', { why: e.purpose, to: to(e) }), button: t('approve', { n: e.size }), act: () => approve.mutateAsync(e) })}>{t('approve', { n: e.size })}</Button>
                <Button size="small" onClick={() => setRefusing(e)}>{t('refuse')}</Button>
              </>}
              {e.own && e.state === 'ready' && <Button size="small" href={apiPath(`${path}/${e.id}/customers.csv`)} title={e.until && t('fetchUntil', { at: f.moment(e.until) })}>{t('fetch')}</Button>}
              {whole && <Button size="small" onClick={() => setWhom(e)}>{t('whom')}</Button>}
            </span></td>
          </tr>
        ))}
      </tbody></table>
      {whom && <Whom of={whom} close={() => setWhom(undefined)} />}
      {refusing && <Refuse of={refusing} close={() => setRefusing(undefined)} />}
    </div>
  )
}

function Whom({ of: e, close }: { of: Export; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const found = useList<Exported>(`${path}/${encodeURIComponent(e.id)}/customers`, {})
  return (
    <Drawer open size={520} onClose={close} title={t('whomTitle')}>
      <p className="s13 second">{t('whomText')}</p>
      <Ready query={found} rows={5}>{(d) => <>
        <table className="plain-table"><tbody>
          {d.pages.flatMap((p) => p.items).map((x) => <tr key={x.n}><td className="mute right" style={{ width: 48 }}>{x.n}</td><td><A to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name || x.customer.id}</A></td><td className="mute s12 nowrap right">{x.sent_at ? t('sent', { at: f.moment(x.sent_at) }) : t('notSent')}</td></tr>)}
        </tbody></table>
        {found.hasNextPage && <Button size="small" style={{ marginTop: 10 }} loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{k('more')}</Button>}
      </>}</Ready>
    </Drawer>
  )
}

function Refuse({ of: e, close }: { of: Export; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<{ note: string }>()
  const save = useAct<unknown, { note: string }>({ method: 'POST', path: `${path}/${encodeURIComponent(e.id)}/refuse`, touches: [path, '/home'], failed: useAtForm(form), done: () => { said(t('refusedSaid')); close() }, body: (v) => v })
  return (
    <Modal open title={t('refuseTitle')} onCancel={close} okText={t('refuse')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={480}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="note" label={t('refuseWhy')} rules={[{ required: true, whitespace: true, message: t('needed') }]}><Input.TextArea rows={2} maxLength={200} /></Form.Item>
      </Form>
    </Modal>
  )
}

function SetLimit({ now, close }: { now: number; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [size, setSize] = useState<number | null>(now)
  const save = useAct<ExportLimit>({ method: 'PUT', path: '/export-limit', body: () => ({ size }), touches: ['/export-limit'], done: () => { said(t('limitSaid')); close() } })
  return (
    <Modal open title={t('limitTitle')} onCancel={close} okText={t('save')} cancelText={k('cancel')} okButtonProps={{ disabled: size === null }} confirmLoading={save.isPending} onOk={() => save.mutate()} width={420}>
      <p className="s13 second" style={{ marginBottom: 12 }}>{t('limitText')}</p>
      <InputNumber min={0} max={100000} precision={0} value={size} onChange={setSize} aria-label={t('limitTitle')} style={{ width: 160 }} />
    </Modal>
  )
}
