// Members whose accounts WeCom or WeChat limits, and the codes by which the platform sees it. No page of WeCom names one: owners do.
import { Button, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Halt, LimitedCode, Page as Rows } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { RuleId } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { StopInForce } from '../governance/Halts'
import { limitedCode } from './limitedCode'
import { w } from './limitedWords'

const path = '/governance/limited-codes'

/** Members whose account is limited now, by id. */
export function useLimited(): Map<string, Halt> {
  const halts = useGet<Rows<Halt>>(useCan()('governance.read') ? '/governance/halts' : null)
  return new Map((halts.data?.items ?? []).flatMap((h) => (h.kind === 'limited' && h.staff && !h.lifted_at ? [[h.staff.id, h]] : [])))
}

export function Limited() {
  const t = useWords(w)
  const can = useCan()
  const me = useMe()
  const may = can('governance.write') && me.scope === 'all'
  const owner = can('account.write') && me.scope === 'all'
  const limited = [...useLimited().values()]
  const codes = useGet<Rows<LimitedCode>>(can('governance.read') ? path : null)
  const [adding, setAdding] = useState(false)
  if (!can('governance.read')) return null
  return (
    <Panel title={t('title')} sub={<RuleId id="WC-13" />} actions={may && <A to="/caps">{t('press')}</A>}>
      <p className="s12 mute">{t('text')}</p>
      {limited.length === 0 ? <p className="s13" style={{ marginTop: 10 }}>{t('none')}</p> : <ul className="stack" style={{ gap: 10, marginTop: 10 }}>{limited.map((h) => <StopInForce key={h.id} halt={h} may={may} />)}</ul>}
      <div className="row" style={{ marginTop: 16 }}><h3 className="s13 b">{t('codes')}</h3>{owner && <Button size="small" className="push" disabled={!codes.data} onClick={() => setAdding(true)}>{t('add')}</Button>}</div>
      <p className="s12 mute">{t('codesText')}{!owner && ` ${t('ownersOnly')}`}</p>
      <Ready query={codes} rows={2}>{(d) => d.items.length === 0 ? <p className="s13" style={{ marginTop: 8 }}>{t('noCodes')}</p> : (
        <ul className="stack" style={{ gap: 8, marginTop: 8 }}>{d.items.map((c) => <One key={c.id} of={c} may={owner} />)}</ul>
      )}</Ready>
      {adding && <Add close={() => setAdding(false)} />}
    </Panel>
  )
}

function One({ of: c, may }: { of: LimitedCode; may: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const ask = useReach()
  const end = useAct({ method: 'DELETE', path: `${path}/${encodeURIComponent(c.id)}`, touches: [path] })
  return (
    <li className={`row ${c.ended_at ? 'mute' : ''}`}>
      <div style={{ minWidth: 0 }}><p className="s13"><code>{c.code}</code> {c.note}</p><p className="mute s12">{t('by', { who: actor(c.by), at: f.moment(c.at) })}{c.ended_at && ` · ${t('endedBy', { who: actor(c.ended_by), at: f.moment(c.ended_at) })}`}</p></div>
      {may && !c.ended_at && <Button size="small" className="push" loading={end.isPending} onClick={() => ask({ reach: t('endReach', { code: String(c.code) }), also: t('endAlso'), button: t('end'), danger: true, act: () => end.mutateAsync() })}>{t('end')}</Button>}
    </li>
  )
}

interface Fields { code: string; note: string }

function Add({ close }: { close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<Fields>()
  const read = limitedCode(Form.useWatch('code', form) ?? '')
  const save = useAct<LimitedCode, Fields>({ method: 'POST', path, body: (v) => ({ code: limitedCode(v.code), note: v.note }), touches: [path], failed: useAtForm(form), done: () => { said(t('saved')); close() } })
  return (
    <Modal open title={t('add')} onCancel={close} okText={t('save')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={480}>
      <p className="s13 mute">{t('codesText')}</p>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="code" label={t('code')} extra={read === undefined ? t('codeHint') : t('codeRead', { code: String(read) })} rules={[{ validator: (_, v?: string) => (limitedCode(v ?? '') === undefined ? Promise.reject(new Error(t('codeNeeded'))) : Promise.resolve()) }]}><Input maxLength={400} /></Form.Item>
        <Form.Item name="note" label={t('note')} rules={[{ required: true, min: 2, message: t('noteNeeded') }]}><Input.TextArea rows={3} maxLength={200} placeholder={t('noteHint')} /></Form.Item>
      </Form>
    </Modal>
  )
}
