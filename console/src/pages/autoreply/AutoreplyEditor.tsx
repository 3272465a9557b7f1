// One keyword rule: what customers say, what is answered, where and when; beside it the try-out.
import { useParams } from '@tanstack/react-router'
import { Button, Form, Input, InputNumber, Radio, Select, Switch } from 'antd'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Answer, Autoreply, Hours, Pattern, PatternKind } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useGo } from '../../kit/A'
import { useAtForm, useAtMost } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { HoursField } from '../../kit/Hours'
import { useAccountOptions, useJoinwayOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { pageMark, seen } from '../../kit/pageMark'
import { ReadOnly } from '../../kit/ReadOnly'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { TryPanel } from './TryPanel'
import { w } from './words'

interface Fields { name: string; enabled: boolean; priority: number; kf_accounts: string[]; patterns: Pattern[]; answer: Answer; hours: Hours[] }
const kinds: PatternKind[] = ['contains', 'exact', 'pinyin', 'regex']

export function AutoreplyEditor() {
  const { id = 'new' } = useParams({ strict: false })
  const t = useWords(w)
  const isNew = id === 'new'
  const found = useGet<Autoreply>(isNew ? null : `/autoreplies/${encodeURIComponent(id)}`)
  return (
    <Page title={isNew ? t('create') : (found.data?.name ?? t('title'))} crumbs={[{ text: t('title'), to: '/autoreplies' }]}>
      <div className="editor2">
        <section className="panel">{isNew ? <Edit /> : <Ready query={found} rows={8}>{(rule) => <Edit key={rule.id} rule={rule} />}</Ready>}</section>
        <div className="aside"><TryPanel /></div>
      </div>
    </Page>
  )
}

function Edit({ rule }: { rule?: Autoreply }) {
  const t = useWords(w)
  const go = useGo()
  const ask = useReach()
  const said = useSaid()
  const may = useCan()('autoreply.write')
  const atMost = useAtMost()
  const accounts = useAccountOptions()
  const joinways = useJoinwayOptions()
  const [form] = Form.useForm<Fields>()
  const kind = Form.useWatch(['answer', 'kind'], form) ?? rule?.answer.kind ?? 'text'
  const text = Form.useWatch(['answer', 'text'], form) ?? rule?.answer.text ?? ''
  const path = rule ? `/autoreplies/${encodeURIComponent(rule.id)}` : '/autoreplies'
  const save = useAct<Autoreply, Fields>({ method: rule ? 'PATCH' : 'POST', path, body: (v) => v, touches: ['/autoreplies'], failed: useAtForm(form), done: () => { said(t('saved')); if (!rule) go('/autoreplies') } })
  const remove = useAct({ method: 'DELETE', path, touches: ['/autoreplies'], done: () => go('/autoreplies') })
  return (
    <Form<Fields>
      form={form} layout="vertical" requiredMark={false} disabled={!may} onFinish={(v) => save.mutate({ ...v, answer: v.answer.kind === 'joinway' ? { as: 'page', ...v.answer } : v.answer })}
      initialValues={{ name: rule?.name ?? '', enabled: rule?.enabled ?? true, priority: rule?.priority ?? 0, kf_accounts: rule?.kf_accounts ?? [], patterns: rule?.patterns ?? [{ kind: 'contains', value: '' }], answer: { as: 'page', ...(rule?.answer ?? { kind: 'text' }) }, hours: rule?.hours ?? [] }}
    >
      <div className="sec">
        <h2><span className="no">1</span>{t('patterns')}</h2>
        <Form.Item name="name" label={t('name')} rules={[{ required: true, whitespace: true, message: t('needName') }]}><Input maxLength={60} /></Form.Item>
        <Form.List name="patterns" rules={[{ validator: async (_, list: Pattern[]) => { if (!list || list.length === 0) throw new Error(t('needPattern')) } }]}>
          {(fields, { add, remove: drop }, { errors }) => (
            <>
              {fields.map((field) => (
                <div key={field.key} className="row" style={{ alignItems: 'flex-start', marginBottom: 8 }}>
                  <Form.Item name={[field.name, 'kind']} noStyle><Select style={{ width: 116 }} options={kinds.map((k) => ({ value: k, label: t(k) }))} aria-label={t('patterns')} /></Form.Item>
                  <Form.Item name={[field.name, 'value']} style={{ flex: 1, marginBottom: 0 }} dependencies={[['patterns', field.name, 'kind']]} rules={[{ required: true, whitespace: true, message: t('needPattern') }, ({ getFieldValue }) => ({ validator: async (_, value: string) => { if (getFieldValue(['patterns', field.name, 'kind']) === 'regex') { try { new RegExp(value, 'u') } catch { throw new Error(t('badRegex')) } } } })]}><Input maxLength={200} aria-label={t('patterns')} /></Form.Item>
                  {fields.length > 1 && <Button type="text" onClick={() => drop(field.name)}>{t('removePattern')}</Button>}
                </div>
              ))}
              <Form.ErrorList errors={errors} />
              <button type="button" className="linky" disabled={!may} onClick={() => add({ kind: 'contains', value: '' })}>{t('addPattern')}</button>
            </>
          )}
        </Form.List>
      </div>
      <div className="sec">
        <h2><span className="no">2</span>{t('answer')}</h2>
        <Form.Item name={['answer', 'kind']}><Radio.Group options={(['text', 'joinway', 'handoff'] as const).map((k) => ({ value: k, label: t(`a_${k}`) }))} /></Form.Item>
        {kind === 'text' && <><Form.Item name={['answer', 'text']} label={t('answerText')} rules={[{ required: true, whitespace: true, message: t('needText') }, atMost(2030)]}><Input.TextArea autoSize={{ minRows: 3, maxRows: 10 }} /></Form.Item><PutPage text={text} may={may} onText={(next) => form.setFieldValue(['answer', 'text'], next)} /></>}
        {kind === 'joinway' && <>
          <Form.Item name={['answer', 'joinway_id']} label={t('which')} rules={[{ required: true, message: t('needJoinway') }]}><Select options={joinways} showSearch={{ optionFilterProp: 'label' }} /></Form.Item>
          <Form.Item name={['answer', 'as']}><Radio.Group vertical options={[{ value: 'page', label: t('as_page') }, { value: 'image', label: t('as_image') }]} /></Form.Item>
        </>}
        {kind === 'handoff' && <p className="second s13">{t('handoffNote')}</p>}
      </div>
      <div className="sec">
        <h2><span className="no">3</span>{t('hours')}</h2>
        <ReadOnly when={!may}><Form.Item name="hours"><HoursItem /></Form.Item></ReadOnly>
        <Form.Item name="kf_accounts" label={t('accounts')}><Select mode="multiple" options={accounts} placeholder={t('accountsAll')} /></Form.Item>
        <div className="row" style={{ gap: 20, flexWrap: 'wrap' }}>
          <label className="row"><span className="second s13">{t('priority')}</span><Form.Item name="priority" noStyle><InputNumber min={0} max={999} style={{ width: 80 }} /></Form.Item><span className="mute s12">{t('priorityNote')}</span></label>
          <label className="row"><Form.Item name="enabled" noStyle valuePropName="checked"><Switch size="small" /></Form.Item><span className="s13">{t('enableField')}</span></label>
        </div>
      </div>
      {may && (
        <div className="sec row">
          <Button type="primary" htmlType="submit" loading={save.isPending}>{t('save')}</Button>
          {rule && <Button className="push" onClick={() => ask({ reach: t('removeReach', { name: rule.name }), also: t('removeAlso', { n: rule.matched }), button: t('removeButton'), danger: true, act: () => remove.mutateAsync() })}>{t('remove')}</Button>}
        </div>
      )}
    </Form>
  )
}

/** HoursField as a form field. */
function HoursItem({ value = [], onChange = () => {} }: { value?: Hours[]; onChange?: (h: Hours[]) => void }) {
  return <HoursField value={value} onChange={onChange} />
}

/** Offers the link to the history page, and shows the answer as the customer sees it when it has one. */
function PutPage({ text, may, onText }: { text: string; may: boolean; onText: (text: string) => void }) {
  const k = useWords(kit)
  return (
    <div style={{ marginTop: -12, marginBottom: 12 }}>
      <button type="button" className="linky" disabled={!may} onClick={() => onText(text + pageMark)}>{k('putPage')}</button>
      {text.includes(pageMark) && <p className="note plain s12" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{k('pageSeen', { text: seen(text) })}</p>}
    </div>
  )
}
