// Impact assessments: written before, kept for good, replaced when reviewed; and the tags that a machine gives.
import { Button, Checkbox, DatePicker, Drawer, Form, Input, Modal, Select } from 'antd'
import type { Dayjs } from 'dayjs'
import dayjs from 'dayjs'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Assessment, AutomaticTag, Page as Items } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { RuleId, State, type Tone } from '../../kit/marks'
import { useTagOptions } from '../../kit/options'
import { Facts, Page, Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './words'

const path = '/assessments'
const tagsPath = '/automatic-tags'
const kinds = ['sensitive', 'automated', 'entrusting', 'sharing', 'abroad'] as const
const tones: Record<Assessment['state'], Tone> = { in_force: 'ok', due: 'warn', overdue: 'bad', replaced: 'plain', withdrawn: 'plain' }
const stands = (a: Assessment) => a.state === 'in_force' || a.state === 'due' || a.state === 'overdue'

export function Assessments() {
  const t = useWords(w)
  const me = useMe()
  const may = useCan()('assessment.write') && me.scope === 'all'
  const found = useGet<Items<Assessment>>(path)
  const [adding, setAdding] = useState<Assessment | true>()
  return (
    <Page title={t('title')} meta={t('meta')}>
      <div className="stack" style={{ gap: 16 }}>
        <Panel title={t('register')} actions={may && <Button size="small" onClick={() => setAdding(true)}>{t('add')}</Button>}>
          <p className="s12 mute"><RuleId id="LAW-17" /> {t('text')}</p>
          <Ready query={found} rows={3}>{(d) => (d.items.length === 0 ? <p className="s13" style={{ marginTop: 10 }}>{t('none')}</p> : <Rows rows={d.items} may={may} renew={setAdding} />)}</Ready>
        </Panel>
        <Tags may={may} />
      </div>
      {adding && <Add of={adding === true ? undefined : adding} close={() => setAdding(undefined)} />}
    </Page>
  )
}

function Rows({ rows, may, renew }: { rows: Assessment[]; may: boolean; renew: (a: Assessment) => void }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const [reading, setReading] = useState<Assessment>()
  const [ending, setEnding] = useState<Assessment>()
  return (
    <div style={{ overflowX: 'auto', marginTop: 8 }}>
      <table className="plain-table"><thead><tr><th>{t('number')}</th><th>{t('what')}</th><th>{t('kinds')}</th><th>{t('validUntil')}</th><th>{t('state')}</th><th /></tr></thead><tbody>
        {rows.map((a) => (
          <tr key={a.id} className={stands(a) ? '' : 'mute'}>
            <td className="nowrap"><code>{a.number}</code></td>
            <td>{a.title}<div className="mute s12">{a.assessor} · {a.assessed_on}</div></td>
            <td>{a.kinds.map((x) => <div key={x} className="nowrap s13">{t(x)}</div>)}</td>
            <td className="nowrap">{a.valid_until}</td>
            <td><State tone={tones[a.state]}>{t(a.state)}</State><div className="mute s12 nowrap">{a.ended_at ? `${actor(a.ended_by?.name || a.ended_by?.id)} · ${f.moment(a.ended_at)}` : `${actor(a.by.name || a.by.id)} · ${f.moment(a.at)}`}</div>{a.ended_why && <div className="mute s12">{a.ended_why}</div>}</td>
            <td className="right nowrap"><span className="row" style={{ gap: 6, justifyContent: 'flex-end' }}>
              <Button size="small" onClick={() => setReading(a)}>{t('read')}</Button>
              {may && stands(a) && <Button size="small" onClick={() => renew(a)}>{t('renew')}</Button>}
              {may && stands(a) && <Button size="small" onClick={() => setEnding(a)}>{t('withdraw')}</Button>}
            </span></td>
          </tr>
        ))}
      </tbody></table>
      {reading && (
        <Drawer open size={560} onClose={() => setReading(undefined)} title={`${reading.number} ${reading.title}`}>
          <Facts rows={[[t('kinds'), reading.kinds.map((x) => t(x)).join(f.lang === 'zh' ? '、' : ', ')], [t('assessor'), reading.assessor], [t('assessedOn'), reading.assessed_on], [t('validUntil'), reading.valid_until]]} />
          {(['aims', 'influence', 'measures'] as const).map((x) => <section key={x} style={{ marginTop: 16 }}><h3 className="s13 second">{t(x)}</h3><p style={{ whiteSpace: 'pre-wrap', marginTop: 4 }}>{reading[x]}</p></section>)}
        </Drawer>
      )}
      {ending && <Withdraw of={ending} close={() => setEnding(undefined)} />}
    </div>
  )
}

interface Fields { title: string; kinds: Assessment['kinds']; aims: string; influence: string; measures: string; assessor: string; assessed_on: Dayjs; valid_until: Dayjs }

function Add({ of: old, close }: { of?: Assessment; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<Fields>()
  const today = dayjs(corpNow())
  const save = useAct<Assessment, Fields>({
    method: 'POST', path, touches: [path, '/home'], failed: useAtForm(form), done: () => { said(t('saved')); close() },
    body: (v) => ({ ...v, assessed_on: v.assessed_on.format('YYYY-MM-DD'), valid_until: v.valid_until.format('YYYY-MM-DD'), ...(old ? { replaces: old.id } : {}) }),
  })
  const needed = [{ required: true, whitespace: true, message: t('needed') }]
  const day = [{ required: true, message: t('needed') }]
  return (
    <Modal open title={old ? t('renewTitle', { number: old.number }) : t('add')} onCancel={close} okText={t('record')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={680}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => save.mutate(v)}
        initialValues={{ ...(old && { title: old.title, kinds: old.kinds, aims: old.aims, influence: old.influence, measures: old.measures }), assessed_on: today, valid_until: today.add(1, 'year') }}>
        <Form.Item name="title" label={t('what')} rules={needed}><Input maxLength={100} placeholder={t('whatHint')} /></Form.Item>
        <Form.Item name="kinds" label={t('kinds')} rules={day}><Checkbox.Group options={kinds.map((x) => ({ value: x, label: t(x) }))} /></Form.Item>
        {(['aims', 'influence', 'measures'] as const).map((x) => <Form.Item key={x} name={x} label={t(x)} rules={needed}><Input.TextArea rows={3} maxLength={4000} /></Form.Item>)}
        <div className="row" style={{ gap: 12, alignItems: 'flex-start' }}>
          <Form.Item name="assessor" label={t('assessor')} rules={needed} style={{ flex: 1 }}><Input maxLength={100} /></Form.Item>
          <Form.Item name="assessed_on" label={t('assessedOn')} rules={day} style={{ flex: 1 }}><DatePicker style={{ width: '100%' }} disabledDate={(d) => d.startOf('day').valueOf() > corpNow()} /></Form.Item>
          <Form.Item name="valid_until" label={t('validUntil')} rules={day} style={{ flex: 1 }} extra={t('validText')}><DatePicker style={{ width: '100%' }} disabledDate={(d) => d.endOf('day').valueOf() < corpNow()} /></Form.Item>
        </div>
      </Form>
    </Modal>
  )
}

function Withdraw({ of: a, close }: { of: Assessment; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<{ why: string }>()
  const save = useAct<unknown, { why: string }>({ method: 'POST', path: `${path}/${encodeURIComponent(a.id)}/withdraw`, touches: [path], failed: useAtForm(form), done: () => { said(t('ended')); close() }, body: (v) => v })
  return (
    <Modal open title={t('withdrawTitle', { number: a.number })} onCancel={close} okText={t('withdraw')} okButtonProps={{ danger: true }} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={480}>
      <p className="s13 second" style={{ marginBottom: 12 }}>{t('withdrawText')}</p>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="why" label={t('why')} rules={[{ required: true, whitespace: true, message: t('needed') }]}><Input.TextArea rows={2} maxLength={300} /></Form.Item>
      </Form>
    </Modal>
  )
}

function Tags({ may }: { may: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const ask = useReach()
  const found = useGet<Items<AutomaticTag>>(tagsPath)
  const [adding, setAdding] = useState(false)
  const end = useAct<unknown, string>({ method: 'DELETE', path: (id) => `${tagsPath}/${encodeURIComponent(id)}`, touches: [tagsPath] })
  return (
    <Panel title={t('tags')} actions={may && <Button size="small" onClick={() => setAdding(true)}>{t('declare')}</Button>}>
      <p className="s12 mute"><RuleId id="LAW-17" /> {t('tagsText')}</p>
      <Ready query={found} rows={2}>{(d) => (d.items.length === 0 ? <p className="s13" style={{ marginTop: 10 }}>{t('noTags')}</p> : (
        <table className="plain-table" style={{ marginTop: 8 }}><thead><tr><th>{t('tag')}</th><th>{t('how')}</th><th /></tr></thead><tbody>
          {d.items.map((x) => (
            <tr key={x.tag.id}>
              <td>{x.tag.name || x.tag.id}</td>
              <td>{t(x.how)}{x.note && `：${x.note}`}<div className="mute s12">{actor(x.by.name || x.by.id)} · {f.moment(x.at)}</div></td>
              <td className="right">{may && <Button size="small" onClick={() => ask({ reach: t('endReach', { name: x.tag.name || x.tag.id }), also: t('endAlso'), button: t('end'), act: () => end.mutateAsync(x.tag.id) })}>{t('end')}</Button>}</td>
            </tr>
          ))}
        </tbody></table>
      ))}</Ready>
      {adding && <Declare close={() => setAdding(false)} />}
    </Panel>
  )
}

function Declare({ close }: { close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<{ tag_id: string; note: string }>()
  const save = useAct<unknown, { tag_id: string; note: string }>({ method: 'POST', path: tagsPath, touches: [tagsPath], failed: useAtForm(form), done: () => { said(t('saved')); close() }, body: (v) => v })
  return (
    <Modal open title={t('declare')} onCancel={close} okText={t('record')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={480}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="tag_id" label={t('tag')} rules={[{ required: true, message: t('needed') }]}><Select options={useTagOptions()} showSearch={{ optionFilterProp: 'label' }} /></Form.Item>
        <Form.Item name="note" label={t('note')} rules={[{ required: true, whitespace: true, message: t('needed') }]}><Input maxLength={200} /></Form.Item>
      </Form>
    </Modal>
  )
}
