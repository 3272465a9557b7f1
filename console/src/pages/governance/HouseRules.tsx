// Rules that the corp writes for itself: an expression, asked while it is typed, with the place of what is wrong.
import { Button, Checkbox, Input, InputNumber, Modal, Select } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { HouseRule, HouseTried, Page as Rows } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { RuleId, State } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { useChecked } from '../../kit/useChecked'
import { w as kit } from '../../kit/words'
import { w } from './houseWords'
import { w as rules } from './ruleWords'

const path = '/house-rules'
const actions: HouseRule['action'][] = ['warn', 'review', 'block']
type Draft = Pick<HouseRule, 'name' | 'expression' | 'action' | 'reason' | 'enabled'> & { id?: string }
const fresh: Draft = { name: '', expression: 'audience > 100 and hour >= 20', action: 'review', reason: '', enabled: true }

export function HouseRules() {
  const t = useWords(w)
  const r = useWords(rules)
  const ask = useReach()
  const me = useMe()
  const may = useCan()('governance.write') && me.scope === 'all'
  const found = useGet<Rows<HouseRule>>(path)
  const [draft, setDraft] = useState<Draft>()
  const remove = useAct<unknown, string>({ method: 'DELETE', path: (id) => `${path}/${encodeURIComponent(id)}`, touches: [path] })
  return (
    <Panel title={t('title')} sub={t('sub')} actions={may && <Button size="small" onClick={() => setDraft(fresh)}>{t('add')}</Button>}>
      <Ready query={found} rows={2}>{(page) => (page.items.length === 0 ? <p className="mute s13">{t('none')}</p> : (
        <ul className="stack" style={{ gap: 10 }}>{page.items.map((x) => (
          <li key={x.id} className="row"><div style={{ minWidth: 0 }}><p className="row"><RuleId id={x.rule_id} /><b>{x.name}</b><State tone={x.enabled ? 'held' : 'plain'}>{x.enabled ? r(`a_${x.action}`) : t('off')}</State><span className="mute s12">{t('version', { n: x.version })} · {x.by}</span></p><code className="s12">{x.expression}</code><p className="second s13">{x.reason}</p></div>
            {may && <span className="push row"><Button size="small" onClick={() => setDraft({ id: x.id, name: x.name, expression: x.expression, action: x.action, reason: x.reason, enabled: x.enabled })}>{t('edit')}</Button><Button size="small" onClick={() => ask({ reach: t('removeReach', { name: x.name }), also: t('removeAlso'), button: t('remove'), danger: true, act: () => remove.mutateAsync(x.id) })}>{t('remove')}</Button></span>}
          </li>
        ))}</ul>
      ))}</Ready>
      {draft && <Editor start={draft} close={() => setDraft(undefined)} />}
    </Panel>
  )
}

function Editor({ start, close }: { start: Draft; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const r = useWords(rules)
  const said = useSaid()
  const [d, setD] = useState(start)
  const [text, setText] = useState('')
  const [hour, setHour] = useState(20)
  const [audience, setAudience] = useState(200)
  const set = (part: Partial<Draft>) => setD({ ...d, ...part })
  const tried = useChecked<HouseTried>(`${path}/try`, d.expression.trim() ? { expression: d.expression, text, hour, audience, weekday: 1, class: 'marketing', channel: 'mass_customer' } : null)
  const x = tried.data
  const save = useAct({
    method: d.id ? 'PUT' : 'POST', path: d.id ? `${path}/${encodeURIComponent(d.id)}` : path, touches: [path],
    body: () => ({ name: d.name, expression: d.expression, action: d.action, reason: d.reason, enabled: d.enabled }), done: () => { said(t('saved')); close() },
  })
  return (
    <Modal open title={t('addTitle')} onCancel={close} okText={t('save')} cancelText={k('cancel')} okButtonProps={{ disabled: !x?.valid || !d.name.trim() || d.reason.trim().length < 2 }} confirmLoading={save.isPending} onOk={() => save.mutate()}>
      <div className="stack" style={{ gap: 10 }}>
        <Input value={d.name} maxLength={40} onChange={(e) => set({ name: e.target.value })} placeholder={t('name')} aria-label={t('name')} />
        <Input.TextArea rows={3} value={d.expression} maxLength={1000} status={x && !x.valid ? 'error' : ''} onChange={(e) => set({ expression: e.target.value })} aria-label={t('expression')} style={{ fontFamily: 'monospace' }} />
        <p className="mute s12">{t('fields')}</p>
        {x && !x.valid && <p className="bad s13" role="alert">{t('wrong', { line: x.line ?? 1, column: x.column ?? 1, message: x.message ?? '' })}</p>}
        <Input.TextArea rows={2} value={text} maxLength={4000} onChange={(e) => setText(e.target.value)} placeholder={t('tryText')} aria-label={t('tryText')} />
        <p className="row"><span className="second s13">{t('tryHour')}</span><InputNumber size="small" min={0} max={23} value={hour} onChange={(n) => setHour(n ?? 0)} aria-label={t('tryHour')} /><span className="second s13">{t('tryAudience')}</span><InputNumber size="small" min={0} value={audience} onChange={(n) => setAudience(n ?? 0)} aria-label={t('tryAudience')} />{x?.valid && <State tone={x.holds ? 'held' : 'ok'}>{t(x.holds ? 'holds' : 'passes')}</State>}</p>
        <label><span className="second s13">{t('action')}</span><Select style={{ width: '100%' }} value={d.action} onChange={(action) => set({ action })} options={actions.map((a) => ({ value: a, label: r(`a_${a}`) }))} /></label>
        <Input value={d.reason} maxLength={200} onChange={(e) => set({ reason: e.target.value })} placeholder={t('reason')} aria-label={t('reason')} />
        <Checkbox checked={d.enabled} onChange={(e) => set({ enabled: e.target.checked })}>{t('enabled')}</Checkbox>
      </div>
    </Modal>
  )
}
