// The planner: who, what, when on the left, the phone in the middle, and on the right what this would do, recounted 400 ms after the
// last change. The foot states the reach at all times.
import { useParams } from '@tanstack/react-router'
import { Button, Checkbox, DatePicker, Input, Modal, Segmented, Select } from 'antd'
import dayjs from 'dayjs'
import { useState } from 'react'
import { ApiError, call } from '../../api/client'
import { useGet, useInvalidate } from '../../api/queries'
import { useMe } from '../../api/session'
import type { Audience, Broadcast, BroadcastDraft, BroadcastKind, Named, Plan } from '../../api/types'
import { bytes } from '../../i18n/format'
import { corpNow } from '../../i18n/clock'
import { useFormat, useWords } from '../../i18n/i18n'
import { refuses } from '../../kit/findings'
import { useGo } from '../../kit/A'
import { ofMessage, wordsAt, type Fault } from '../../kit/atField'
import { useFail, useSaid } from '../../kit/fail'
import { MessageEditor } from '../../kit/MessageEditor'
import { RuleId } from '../../kit/marks'
import { useDepartmentOptions, useGroupchatOptions, useStaffOptions, useTagOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { PhonePreview } from '../../kit/Phone'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { useChecked } from '../../kit/useChecked'
import { useUrl } from '../../kit/useurl'
import { w as kit } from '../../kit/words'
import { closed, room } from './closing'
import { PlanPanel } from './PlanPanel'
import { w } from './words'
import './broadcast.css'

// add_msg_template: text up to 4,000 bytes, up to 9 attachments.
const limit = 4000
const maxAttachments = 9

export function Planner() {
  const { id = 'new' } = useParams({ strict: false })
  const t = useWords(w)
  const url = useUrl()
  const isNew = id === 'new'
  // A new one may begin as a copy of another: one that was stopped, or whose words may not change any more.
  const from = isNew ? url.one('from') : ''
  const source = isNew ? from : id
  const found = useGet<Broadcast>(source ? `/broadcasts/${encodeURIComponent(source)}` : null)
  const kind: BroadcastKind = url.one('kind') === 'group' ? 'group' : 'customer'
  if (isNew && !from) return <Edit key="new" start={{ kind, name: '', text: '', attachments: [], audience: { tags: url.many('tag'), tag_mode: 'any', staff: [], exclude_tags: [], chats: url.many('chat') } }} />
  if (isNew && found.data) return <Edit key="copy" start={{ ...found.data, send_at: undefined }} />
  if (found.data) return <Edit key={found.data.id} id={found.data.id} start={found.data} />
  return <Page title={t('createTitle')} crumbs={[{ text: t('title'), to: '/broadcasts' }]}><section className="panel"><Ready query={found} head>{() => null}</Ready></section></Page>
}

/** A refusal of what is planned: it stands at its field, too. */
const ofPlan = (error: ApiError) => error.fields.length > 0 && error.fields.every((x) => /^body\.(benefit|send_at)$/.test(x.location))

function Edit({ id, start }: { id?: string; start: BroadcastDraft }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const go = useGo()
  const ask = useReach()
  const fail = useFail()
  const said = useSaid()
  const invalidate = useInvalidate()
  const tags = useTagOptions()
  const staff = useStaffOptions()
  const departments = useDepartmentOptions()
  const chats = useGroupchatOptions()
  const [known, setKnown] = useState(id)
  const [draft, setDraft] = useState<BroadcastDraft>(() => ({
    kind: start.kind ?? 'customer', name: start.name, text: start.text, attachments: start.attachments ?? [], benefit: start.benefit ?? '', send_at: start.send_at, winback: start.winback ?? false,
    audience: { tags: start.audience.tags ?? [], tag_mode: start.audience.tag_mode || 'any', staff: start.audience.staff ?? [], exclude_tags: start.audience.exclude_tags ?? [], chats: start.audience.chats ?? [], exclude_chats: start.audience.exclude_chats ?? [], chat_name: start.audience.chat_name ?? '' },
  }))
  const [savedAt, setSavedAt] = useState<Date>()
  const [tried, setTried] = useState(false)
  // An account that is no member cannot receive an app message: it chooses who gets the test.
  const me = useMe()
  const [choosing, setChoosing] = useState(false)
  const [tester, setTester] = useState<string>()
  const [faults, setFaults] = useState<Fault[]>([])
  const set = (part: Partial<BroadcastDraft>) => { setDraft((was) => ({ ...was, ...part })); setSavedAt(undefined); setFaults([]) }
  const audience = (part: Partial<Audience>) => set({ audience: { ...draft.audience, ...part } })
  const groups = draft.kind === 'group'
  // Whom it goes to chooses other people: what chose the former is dropped, members stay.
  const turn = (kind: BroadcastKind) => set({ kind, winback: false, audience: { tags: [], tag_mode: 'any', staff: draft.audience.staff, exclude_tags: [], chats: [], exclude_chats: [], chat_name: '' } })
  const { name: _name, ...asked } = draft
  const plan = useChecked<Plan>('/broadcasts/preview', asked)
  const p = plan.data

  const store = async (): Promise<string> => {
    const saved = known ? await call<Broadcast>('PATCH', `/broadcasts/${encodeURIComponent(known)}`, { body: draft }) : await call<Broadcast>('POST', '/broadcasts', { body: draft })
    setKnown(saved.id)
    setSavedAt(new Date(corpNow()))
    void invalidate('/broadcasts')
    if (!known) go(`/broadcasts/${encodeURIComponent(saved.id)}/edit`, true)
    return saved.id
  }
  const noName = draft.name.trim() === ''
  const noBenefit = (draft.benefit ?? '').trim() === ''
  const [submitting, setSubmitting] = useState(false)
  const named = () => { setTried(true); return !noName }
  const faultAt = (field: string) => { const fault = faults.find((x) => x.location === `body.${field}`); return fault && wordsAt(fault) }
  const guard = async (act: () => Promise<void>) => { try { await act() } catch (error) { if (!(error instanceof ApiError)) throw error; if (ofMessage(error) || ofPlan(error)) setFaults(error.fields); else fail(error) } }
  const [busy, setBusy] = useState<'save' | 'test' | 'submit'>()
  const run = (what: 'save' | 'test' | 'submit', act: () => Promise<void>) => { if (!named()) return; setBusy(what); void guard(act).finally(() => setBusy(undefined)) }

  const closing = p?.closing ?? ''
  const refused = refuses(p?.check.verdict) || bytes(draft.text) > room(limit, closing)
  const empty = draft.text.trim() === '' && draft.attachments.length === 0
  const reachable = p?.reachable ?? 0
  const senders = p?.per_staff.length ?? 0
  const test = (to?: string) => run('test', async () => {
    const sent = await call<{ sent_to: Named }>('POST', `/broadcasts/${encodeURIComponent(await store())}/test`, { body: to ? { staff_id: to } : {} })
    said(t('tested', { name: sent.sent_to.name }))
  })
  const submit = () => { setSubmitting(true); if (noBenefit) { setTried(true); return } run('submit', async () => {
    const to = await store()
    // The reach is counted now, not taken from what is on the screen.
    const now = await call<Plan>('GET', `/broadcasts/${encodeURIComponent(to)}/plan`)
    const words = groups ? { reach: t('askGroups', { staff: now.per_staff.length, n: now.reachable, people: now.people ?? 0 }), also: t('askGroupsAlso', { held: now.held }), button: t(now.approval ? 'submitGroupsReview' : 'submitGroups', { n: now.reachable }) } : { reach: t('askReach', { staff: now.per_staff.length, n: now.reachable }), also: t('askAlso', { held: now.held }), button: t(now.approval ? 'submitReview' : 'submit', { n: now.reachable }) }
    ask({
      ...words, also: [now.approval && t(now.approval === 'size' ? 'needsSize' : now.approval === 'ladder' ? 'needsLadder' : now.approval === 'assessment' ? 'needsAssessment' : 'needsWords'), now.cost > 1 && t('double'), words.also].filter(Boolean).join(' '),
      act: async () => {
        try {
          await call('POST', `/broadcasts/${encodeURIComponent(to)}/submit`, { body: { expect_reachable: now.reachable } })
          void invalidate('/broadcasts', '/home')
          go(`/broadcasts/${encodeURIComponent(to)}`)
        } catch (error) {
          if (!(error instanceof ApiError)) throw error
          if (ofPlan(error)) setFaults(error.fields)
          else fail(error)
          void plan.refetch()
          throw error
        }
      },
    })
  }) }
  return (
    <Page
      title={known ? draft.name || t('createTitle') : t('createTitle')} crumbs={[{ text: t('title'), to: '/broadcasts' }]} tags={<span className="tag">{t('draftTag')}</span>}
      meta={savedAt && t('savedAt', { time: f.clock(savedAt) })} className="planner"
    >
      <div className="editor3">
        <section className="panel">
          <div className="sec">
            <h2><span className="no">1</span>{t('who')}</h2>
            <label className="cond"><span>{t('name')}</span><span><Input value={draft.name} maxLength={50} status={tried && noName ? 'error' : ''} placeholder={t('nameHint')} onChange={(e) => set({ name: e.target.value })} />{tried && noName && <span className="bad s12">{t('needName')}</span>}</span></label>
            <div className="cond"><span>{t('to')}</span><span><Segmented<BroadcastKind> value={draft.kind ?? 'customer'} onChange={turn} aria-label={t('to')} options={[{ value: 'customer', label: t('toCustomers') }, { value: 'group', label: t('toGroups') }]} /></span></div>
            {groups ? <>
              <div className="cond"><span>{t('owners')}</span><Select mode="multiple" options={staff} value={draft.audience.staff} placeholder={t('everyOwner')} aria-label={t('owners')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ staff: v })} /></div>
              <div className="cond"><span>{t('chats')}</span><Select mode="multiple" options={chats} value={draft.audience.chats} placeholder={t('everyChat')} aria-label={t('chats')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ chats: v })} /></div>
              <label className="cond"><span>{t('chatName')}</span><Input value={draft.audience.chat_name} maxLength={30} placeholder={t('chatNameHint')} onChange={(e) => audience({ chat_name: e.target.value })} /></label>
              <div className="cond"><span>{t('exclude')}</span><Select mode="multiple" options={chats} value={draft.audience.exclude_chats} placeholder={t('noExcludeChat')} aria-label={t('exclude')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ exclude_chats: v })} /></div>
            </> : <>
            <div className="cond"><span>{t('include')}</span><span className="row"><Select mode="multiple" style={{ flex: 1, minWidth: 0 }} options={tags} value={draft.audience.tags} placeholder={t('everyTag')} aria-label={t('tags')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ tags: v })} />{draft.audience.tags.length > 1 && <Segmented<Audience['tag_mode']> size="small" value={draft.audience.tag_mode ?? 'any'} onChange={(v) => audience({ tag_mode: v })} options={[{ value: 'any', label: t('any') }, { value: 'all', label: t('all') }]} />}</span></div>
            <div className="cond"><span>{t('and')}</span><Select mode="multiple" options={staff} value={draft.audience.staff} placeholder={t('everyStaff')} aria-label={t('staff')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ staff: v })} /></div>
            {departments.length > 0 && <div className="cond"><span>{t('departments')}</span><Select mode="multiple" options={departments} value={draft.audience.departments} placeholder={t('everyDepartment')} aria-label={t('departments')} showSearch={{ optionFilterProp: 'label' }} status={faultAt('audience.departments') ? 'error' : ''} onChange={(v: string[]) => audience({ departments: v })} /></div>}
            <div className="cond"><span>{t('exclude')}</span><Select mode="multiple" options={tags} value={draft.audience.exclude_tags} placeholder={t('noExclude')} aria-label={t('exclude')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ exclude_tags: v })} /></div>
            <div className="cond"><span>{t('winback')}</span><span><Checkbox checked={draft.winback} onChange={(e) => set({ winback: e.target.checked })}>{t('winbackOnly')}</Checkbox>{draft.winback && <p className="s12 mute">{t('winbackText')}</p>}</span></div>
            </>}
            <label className="cond"><span>{t('benefit')}</span><span><Input value={draft.benefit} maxLength={100} status={(submitting && noBenefit) || faultAt('benefit') ? 'error' : ''} placeholder={t('benefitHint')} onChange={(e) => set({ benefit: e.target.value })} />{submitting && noBenefit ? <span className="bad s12">{t('needBenefit')}</span> : faultAt('benefit') && <span className="bad s12">{faultAt('benefit')}</span>}</span></label>
            {p && <p className="s13" style={{ marginTop: 8 }}>{t.rich(groups ? 'chosenGroups' : 'chosen', { n: p.matched })} <span className="mute">{t(groups ? 'byOwner' : 'oneEach', { n: senders })}</span></p>}
          </div>
          <div className="sec">
            <h2><span className="no">2</span>{t('what')}</h2>
            <MessageEditor text={draft.text} onText={(text) => set({ text })} attachments={draft.attachments} onAttachments={(attachments) => set({ attachments })} check={empty ? undefined : p?.check} limit={room(limit, closing)} maxAttachments={maxAttachments} faults={faults} library />
            {closing && <p className="s12 mute">{t('closingAdded')}</p>}
          </div>
          <div className="sec">
            <h2><span className="no">3</span>{t('when')}</h2>
            <div className="cond"><span>{t('sendAt')}</span><span><DatePicker showTime={{ format: 'HH:mm', minuteStep: 5 }} format="YYYY-MM-DD HH:mm" style={{ width: 220 }} status={faultAt('send_at') ? 'error' : ''} value={draft.send_at ? dayjs(draft.send_at) : null} placeholder={t('sendNow')} aria-label={t('sendAt')} disabledDate={(d) => d.endOf('day').valueOf() < corpNow()} onChange={(d) => set({ send_at: d ? d.toISOString() : undefined })} />{faultAt('send_at') && <span className="bad s12">{faultAt('send_at')}</span>}</span></div>
            <p className="s13 second" style={{ marginTop: 8 }}>{draft.send_at && p?.opens_at ? t('scheduled', { time: f.when(p.opens_at) }) : p?.opens_at ? t('later', { time: f.when(p.opens_at) }) : p?.closes_at ? t('nowOpen', { time: f.when(p.closes_at) }) : t('nowPlain')}</p>
            {p?.last_at && <p className="s13 second">{t('inParts', { time: f.when(p.last_at) })}{(p.over ?? 0) > 0 && <span className="held"> {t('noTurn', { n: p.over ?? 0 })}</span>} <RuleId id="FTG-17" /></p>}
          </div>
        </section>
        <div className="aside"><PhonePreview from={p?.per_staff[0]?.staff.name} text={empty ? '' : closed(draft.text, closing)} attachments={draft.attachments} note={t(groups ? 'noNickGroups' : 'noNick')} /></div>
        <PlanPanel plan={p} fresh={plan.fresh} error={plan.error} retry={() => void plan.refetch()} />
      </div>
      <div className="foot">
        <span aria-live="polite">{refused ? <span className="bad">{t('footBlocked')}</span> : reachable === 0 ? <span className="second">{t('footZero')}</span> : <>{t.rich(groups ? 'footGroups' : 'footReach', { staff: senders, n: reachable, people: p?.people ?? 0 })} <span className="second">{t('footNote')}</span></>}</span>
        <span className="does">
          <Button loading={busy === 'save'} onClick={() => run('save', async () => { await store(); said(t('saved')) })}>{t('saveDraft')}</Button>
          <Button loading={busy === 'test'} disabled={empty || refused} onClick={() => { if (me.staff_id) test(); else setChoosing(true) }}>{t('test')}</Button>
          <Button type="primary" loading={busy === 'submit'} disabled={refused || empty || reachable === 0 || !plan.fresh} onClick={submit}>{reachable > 0 ? t(groups ? (p?.approval ? 'submitGroupsReview' : 'submitGroups') : p?.approval ? 'submitReview' : 'submit', { n: reachable }) : t('submitPlain')}</Button>
        </span>
      </div>
      <Modal open={choosing} title={t('testTo')} onCancel={() => setChoosing(false)} okText={t('testSend')} cancelText={k('cancel')} okButtonProps={{ disabled: !tester }} onOk={() => { setChoosing(false); test(tester) }} width={380}>
        <Select style={{ width: '100%' }} options={staff} value={tester} onChange={setTester} showSearch={{ optionFilterProp: 'label' }} aria-label={t('testTo')} />
      </Modal>
    </Page>
  )
}
