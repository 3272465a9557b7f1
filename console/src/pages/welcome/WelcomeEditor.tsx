// One welcome message: for whom, when, what; checked while it is written, seen as on the customer's phone.
import { useParams } from '@tanstack/react-router'
import { Button, Input, InputNumber, Radio, Select, Switch } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Attachment, Check, Welcome, WelcomeDraft } from '../../api/types'
import { bytes } from '../../i18n/format'
import { useWords } from '../../i18n/i18n'
import { useGo } from '../../kit/A'
import { ofMessage, type Fault } from '../../kit/atField'
import { useFail, useSaid } from '../../kit/fail'
import { refuses } from '../../kit/findings'
import { HoursField } from '../../kit/Hours'
import { Icon } from '../../kit/Icon'
import { MessageEditor } from '../../kit/MessageEditor'
import { useContactwayOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { pageMark, seen, staffMark } from '../../kit/pageMark'
import { PhonePreview } from '../../kit/Phone'
import { ReadOnly } from '../../kit/ReadOnly'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { useChecked } from '../../kit/useChecked'
import { w as kit } from '../../kit/words'
import { w } from './words'

// send_welcome_msg: text up to 4,000 bytes, up to 9 attachments.
const limit = 4000
const maxAttachments = 9

type Draft = Required<WelcomeDraft>
const blank: Draft = { name: '', scope: { kind: 'default' }, text: '', attachments: [], hours: [], enabled: true, priority: 0 }

export function WelcomeEditor() {
  const { id = 'new' } = useParams({ strict: false })
  const t = useWords(w)
  const isNew = id === 'new'
  const found = useGet<Welcome>(isNew ? null : `/welcomes/${encodeURIComponent(id)}`)
  if (isNew) return <Edit key="new" start={blank} />
  if (found.data) return <Edit key={found.data.id} id={found.data.id} start={{ ...found.data, hours: found.data.hours ?? [], attachments: found.data.attachments ?? [], priority: found.data.priority ?? 0 }} />
  return <Page title={t('title')} crumbs={[{ text: t('title'), to: '/welcomes' }]}><section className="panel"><Ready query={found} head>{() => null}</Ready></section></Page>
}

function Edit({ id, start }: { id?: string; start: Draft }) {
  const t = useWords(w)
  const k = useWords(kit)
  const go = useGo()
  const ask = useReach()
  const said = useSaid()
  const fail = useFail()
  const may = useCan()('welcome.write')
  const ways = useContactwayOptions()
  const [draft, setDraft] = useState<Draft>(() => ({ name: start.name, scope: start.scope, text: start.text, attachments: start.attachments, hours: start.hours, enabled: start.enabled, priority: start.priority }))
  const [tried, setTried] = useState(false)
  const [faults, setFaults] = useState<Fault[]>([])
  const set = (part: Partial<Draft>) => { setDraft((was) => ({ ...was, ...part })); setFaults([]) }
  const check = useChecked<Check>('/welcomes/check', draft.text.trim() ? { text: draft.text, attachments: draft.attachments } : null)
  const path = id ? `/welcomes/${encodeURIComponent(id)}` : '/welcomes'
  const save = useAct<Welcome>({ method: id ? 'PATCH' : 'POST', path, body: () => draft, touches: ['/welcomes'], failed: (error) => { if (ofMessage(error)) setFaults(error.fields); else fail(error) }, done: () => { said(t('saved')); go('/welcomes') } })
  const remove = useAct({ method: 'DELETE', path, touches: ['/welcomes'], done: () => go('/welcomes') })
  const noName = draft.name.trim() === ''
  const noWays = draft.scope.kind === 'contactway' && (draft.scope.contactway_ids ?? []).length === 0
  const refused = refuses(check.data?.verdict) || bytes(draft.text) > limit
  const empty = draft.text.trim() === '' && draft.attachments.length === 0
  const submit = () => { setTried(true); if (!noName && !noWays && !refused && !empty) save.mutate() }
  return (
    <Page title={id ? start.name : t('createTitle')} crumbs={[{ text: t('title'), to: '/welcomes' }]}>
      <div className="editor2">
        <section className="panel"><ReadOnly when={!may}>
          <div className="sec">
            <h2><span className="no">1</span>{t('scope')}</h2>
            <div className="stack" style={{ gap: 12 }}>
              <label><span className="second s13">{t('name')}</span><Input value={draft.name} status={tried && noName ? 'error' : ''} placeholder={t('nameHint')} maxLength={50} onChange={(e) => set({ name: e.target.value })} />{tried && noName && <span className="bad s12">{t('needName')}</span>}</label>
              <Radio.Group vertical value={draft.scope.kind} onChange={(e) => set({ scope: { ...draft.scope, kind: e.target.value as 'default' } })} options={[{ value: 'default', label: <>{t('scopeDefault')} <span className="mute s12">{t('scopeDefaultNote')}</span></> }, { value: 'contactway', label: t('scopeWay') }]} />
              {draft.scope.kind === 'contactway' && <div><Select mode="multiple" style={{ width: '100%' }} status={tried && noWays ? 'error' : ''} options={ways} value={draft.scope.contactway_ids ?? []} onChange={(ids: string[]) => set({ scope: { kind: 'contactway', contactway_ids: ids } })} aria-label={t('scopeWay')} showSearch={{ optionFilterProp: 'label' }} />{tried && noWays && <span className="bad s12">{t('needWays')}</span>}</div>}
            </div>
          </div>
          <div className="sec">
            <h2><span className="no">2</span>{t('text')}</h2>
            <MessageEditor text={draft.text} onText={(text) => set({ text })} attachments={draft.attachments} onAttachments={(attachments: Attachment[]) => set({ attachments })} check={check.data} limit={limit} maxAttachments={maxAttachments} marks={[{ mark: staffMark, label: k('putStaff') }, { mark: pageMark, label: k('putPage') }]} faults={tried && empty ? [{ location: 'body.text', message: t('needText') }] : faults} />
          </div>
          <div className="sec">
            <h2><span className="no">3</span>{t('hours')}</h2>
            <HoursField value={draft.hours} onChange={(hours) => set({ hours })} />
            <div className="row" style={{ marginTop: 16, gap: 20, flexWrap: 'wrap' }}>
              <label className="row"><span className="second s13">{t('priority')}</span><InputNumber min={0} max={999} value={draft.priority} onChange={(n) => set({ priority: n ?? 0 })} style={{ width: 80 }} /><span className="mute s12">{t('priorityNote')}</span></label>
              <label className="row"><Switch size="small" checked={draft.enabled} onChange={(enabled) => set({ enabled })} /><span className="s13">{t('enableField')}</span></label>
            </div>
          </div>
        </ReadOnly></section>
        <div className="aside">
          <PhonePreview text={seen(draft.text, undefined, k('staffName'))} attachments={draft.attachments} note={t('preview')} />
          <p className="note plain" style={{ marginTop: 16 }}><Icon name="shield" size={14} /><span className="s12 second">{t('service')}</span></p>
        </div>
      </div>
      {may && (
        <div className="foot">
          {refused ? <span className="bad">{t('blocked')}</span> : <span className="second s13">{t('meta')}</span>}
          <span className="does">
            {id && <Button onClick={() => ask({ reach: t('removeReach', { name: start.name }), also: t('removeAlso'), button: t('removeButton'), danger: true, act: () => remove.mutateAsync() })}>{t('remove')}</Button>}
            <Button type="primary" onClick={submit} loading={save.isPending} disabled={refused}>{t('save')}</Button>
          </span>
        </div>
      )}
    </Page>
  )
}
