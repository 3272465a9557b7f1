// The planner of Moments: who, what, when; the phone with its fold; what this would do, recounted after the last change.
import { useParams } from '@tanstack/react-router'
import { Button, DatePicker, Input, Segmented, Select } from 'antd'
import dayjs from 'dayjs'
import { useState } from 'react'
import { ApiError, call } from '../../api/client'
import { useAct, useGet, useInvalidate } from '../../api/queries'
import type { Moment, MomentDraft, MomentPart, MomentPlan } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { bytes } from '../../i18n/format'
import { useFormat, useWords } from '../../i18n/i18n'
import { useGo } from '../../kit/A'
import { wordsAt, type Fault } from '../../kit/atField'
import { useFail, useSaid } from '../../kit/fail'
import { refuses } from '../../kit/findings'
import { MessageEditor } from '../../kit/MessageEditor'
import { useStaffOptions, useTagOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { useChecked } from '../../kit/useChecked'
import { MomentPhone } from './MomentPhone'
import { MomentPlanPanel } from './MomentPlanPanel'
import { PartList, PartTools } from './Parts'
import { w } from './words'
import '../broadcast/broadcast.css'

const mostLetters = 2000
const mostBytes = 4000

export function MomentPlanner() {
  const { id = 'new' } = useParams({ strict: false })
  const t = useWords(w)
  const isNew = id === 'new'
  const found = useGet<Moment>(isNew ? null : `/moments/${encodeURIComponent(id)}`)
  if (isNew) return <Edit key="new" start={{ name: '', text: '', parts: [], audience: { tags: [], tag_mode: 'any', staff: [], exclude_tags: [] } }} />
  if (found.data) return <Edit key={found.data.id} id={found.data.id} start={found.data} />
  return <Page title={t('createTitle')} crumbs={[{ text: t('title'), to: '/moments' }]}><section className="panel"><Ready query={found} head>{() => null}</Ready></section></Page>
}

/** A refusal that stands at its fields. */
const atFields = (error: ApiError) => error.fields.length > 0 && error.fields.every((x) => /^body\.(text|parts|publish_at)/.test(x.location))

function Edit({ id, start }: { id?: string; start: MomentDraft }) {
  const t = useWords(w)
  const f = useFormat()
  const go = useGo()
  const ask = useReach()
  const fail = useFail()
  const said = useSaid()
  const invalidate = useInvalidate()
  const tags = useTagOptions()
  const staff = useStaffOptions()
  const [known, setKnown] = useState(id)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [faults, setFaults] = useState<Fault[]>([])
  const [draft, setDraft] = useState<MomentDraft>(() => ({
    name: start.name, text: start.text, parts: start.parts, ...(start.topic ? { topic: start.topic } : {}), ...(start.publish_at ? { publish_at: start.publish_at } : {}),
    audience: { tags: start.audience.tags, tag_mode: start.audience.tag_mode ?? 'any', staff: start.audience.staff ?? [], exclude_tags: start.audience.exclude_tags ?? [] },
  }))
  const set = (part: Partial<MomentDraft>) => { setDraft((was) => ({ ...was, ...part })); setFaults([]) }
  const parts = (change: (was: MomentPart[]) => MomentPart[]) => { setDraft((was) => ({ ...was, parts: change(was.parts) })); setFaults([]) }
  const audience = (part: Partial<MomentDraft['audience']>) => set({ audience: { ...draft.audience, ...part } })
  const { name: _name, ...asked } = draft
  const plan = useChecked<MomentPlan>('/moments/preview', asked)
  const p = plan.data
  const remove = useAct({ method: 'DELETE', path: `/moments/${encodeURIComponent(known ?? '')}`, touches: ['/moments'], done: () => go('/moments') })
  const letters = [...draft.text].length
  const empty = draft.text.trim() === '' && draft.parts.length === 0
  // Nobody approves a Moment: what is in doubt has to be changed, too.
  const refused = refuses(p?.check.verdict) || p?.check.verdict === 'review' || bytes(draft.text) > mostBytes || letters > mostLetters
  const noName = draft.name.trim() === ''
  const timeFault = faults.find((x) => x.location === 'body.publish_at')
  const refuse = (error: ApiError) => { if (atFields(error)) setFaults(error.fields); else fail(error) }
  const run = (act: () => Promise<void>) => {
    setTried(true)
    if (noName) return
    setBusy(true)
    void act().catch((error: unknown) => { if (!(error instanceof ApiError)) throw error; refuse(error) }).finally(() => setBusy(false))
  }
  const store = async () => {
    const saved = known ? await call<Moment>('PATCH', `/moments/${encodeURIComponent(known)}`, { body: draft }) : await call<Moment>('POST', '/moments', { body: draft })
    setKnown(saved.id)
    void invalidate('/moments')
    if (!known) go(`/moments/${encodeURIComponent(saved.id)}/edit`, true)
    return saved.id
  }
  const submit = () => run(async () => {
    const to = await store()
    const now = await call<MomentPlan>('POST', '/moments/preview', { body: asked })
    ask({
      reach: t('askReach', { staff: now.per_staff.length, n: now.reachable }), also: [now.approval && t(`needs_${now.approval}`), t('askAlso', { held: now.held })].filter(Boolean).join(' '), button: t(now.approval ? 'submitReview' : 'submit', { n: now.reachable }),
      act: async () => {
        try {
          await call('POST', `/moments/${encodeURIComponent(to)}/submit`, { body: { expect_reachable: now.reachable } })
        } catch (error) {
          if (!(error instanceof ApiError)) throw error
          refuse(error)
          void plan.refetch()
          throw error
        }
        void invalidate('/moments')
        go(`/moments/${encodeURIComponent(to)}`)
      },
    })
  })
  return (
    <Page title={known ? draft.name || t('createTitle') : t('createTitle')} crumbs={[{ text: t('title'), to: '/moments' }]} tags={<span className="tag">{t('draft')}</span>} className="planner"
      actions={known && <Button onClick={() => ask({ reach: t('removeReach', { name: draft.name }), also: t('removeAlso'), button: t('removeDraft'), danger: true, act: () => remove.mutateAsync() })}>{t('removeDraft')}</Button>}
    >
      <div className="editor3">
        <section className="panel">
          <div className="sec">
            <h2><span className="no">1</span>{t('who')}</h2>
            <label className="cond"><span>{t('name')}</span><span><Input value={draft.name} maxLength={50} status={tried && noName ? 'error' : ''} placeholder={t('nameHint')} onChange={(e) => set({ name: e.target.value })} />{tried && noName && <span className="bad s12">{t('needName')}</span>}</span></label>
            <div className="cond"><span>{t('include')}</span><span className="row"><Select mode="multiple" style={{ flex: 1, minWidth: 0 }} options={tags} value={draft.audience.tags} placeholder={t('everyTag')} aria-label={t('tags')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ tags: v })} />{draft.audience.tags.length > 1 && <Segmented<'any' | 'all'> size="small" value={draft.audience.tag_mode} onChange={(v) => audience({ tag_mode: v })} options={[{ value: 'any', label: t('any') }, { value: 'all', label: t('all') }]} />}</span></div>
            <div className="cond"><span>{t('staff')}</span><Select mode="multiple" options={staff} value={draft.audience.staff} placeholder={t('everyStaff')} aria-label={t('staff')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ staff: v })} /></div>
            <div className="cond"><span>{t('exclude')}</span><Select mode="multiple" options={tags} value={draft.audience.exclude_tags} placeholder={t('noExclude')} aria-label={t('exclude')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ exclude_tags: v })} /></div>
          </div>
          <div className="sec">
            <h2><span className="no">2</span>{t('what')}</h2>
            <MessageEditor text={draft.text} onText={(text) => set({ text })} check={empty ? undefined : p?.check} limit={mostBytes} faults={faults} tools={<PartTools parts={draft.parts} change={parts} />} />
            {letters > mostLetters && <p className="bad s12">{t('letters', { n: letters - mostLetters, most: mostLetters })}</p>}
            <PartList parts={draft.parts} change={parts} faults={faults} />
            <label className="cond" style={{ marginTop: 8 }}><span>{t('topic')}</span><Input value={draft.topic ?? ''} maxLength={20} placeholder={t('topicHint')} onChange={(e) => set({ topic: e.target.value })} /></label>
          </div>
          <div className="sec">
            <h2><span className="no">3</span>{t('when')}</h2>
            <div className="cond"><span>{t('at')}</span><span><DatePicker showTime={{ format: 'HH:mm', minuteStep: 5 }} format="YYYY-MM-DD HH:mm" style={{ width: 220 }} status={timeFault ? 'error' : ''} value={draft.publish_at ? dayjs(draft.publish_at) : null} placeholder={t('atNow')} aria-label={t('at')} disabledDate={(d) => d.endOf('day').valueOf() < corpNow()} onChange={(v) => set({ publish_at: v ? v.toISOString() : undefined })} />{timeFault && <span className="bad s12">{wordsAt(timeFault)}</span>}</span></div>
            {p && <p className="s13 second" style={{ marginTop: 8 }}>{p.opens_at ? t('later', { time: f.when(p.opens_at) }) : t('nowOpen')} {t('closes', { time: f.when(p.closes_at) })}</p>}
          </div>
        </section>
        <div className="aside"><MomentPhone from={p?.per_staff[0]?.staff.name} text={draft.text} parts={draft.parts} fold={p?.fold} /></div>
        <MomentPlanPanel plan={p} fresh={plan.fresh} error={plan.error} retry={() => void plan.refetch()} />
      </div>
      <div className="foot">
        <span aria-live="polite">{refused ? <span className="bad">{t('footBlocked')}</span> : p && p.reachable > 0 ? <>{t.rich('footReach', { staff: p.per_staff.length, n: p.reachable })} <span className="second">{t('footNote')}</span></> : <span className="second">{t('footNone')}</span>}</span>
        <span className="does">
          <Button loading={busy} onClick={() => run(async () => { await store(); said(t('saved')) })}>{t('save')}</Button>
          <Button type="primary" loading={busy} disabled={refused || empty || !p || p.reachable === 0 || !plan.fresh} onClick={submit}>{p && p.reachable > 0 ? t(p.approval ? 'submitReview' : 'submit', { n: p.reachable }) : t('submitPlain')}</Button>
        </span>
      </div>
    </Page>
  )
}
