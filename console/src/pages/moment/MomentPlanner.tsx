// The planner of Moments: who, what, when; the phone with its fold; what this would do, recounted after the last change.
import { useParams } from '@tanstack/react-router'
import { Button, DatePicker, Input, Select } from 'antd'
import dayjs from 'dayjs'
import { useRef, useState } from 'react'
import { ApiError, apiPath, call } from '../../api/client'
import { useGet, useInvalidate } from '../../api/queries'
import type { Moment, MomentDraft, MomentPart, MomentPlan } from '../../api/types'
import { bytes } from '../../i18n/format'
import { useFormat, useWords } from '../../i18n/i18n'
import { useGo } from '../../kit/A'
import { useFail, useSaid } from '../../kit/fail'
import { refuses } from '../../kit/findings'
import { RuleId } from '../../kit/marks'
import { useStaffOptions, useTagOptions } from '../../kit/options'
import { Page, Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Failed, Ready } from '../../kit/states'
import { useChecked } from '../../kit/useChecked'
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

const read = (file: File) => new Promise<string>((done, failed) => {
  const r = new FileReader()
  r.onload = () => done(String(r.result).replace(/^[^,]*,/, ''))
  r.onerror = () => failed(r.error ?? new Error(file.name))
  r.readAsDataURL(file)
})

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
  const input = useRef<HTMLInputElement>(null)
  const [draft, setDraft] = useState<MomentDraft>(() => ({
    name: start.name, text: start.text, parts: start.parts, ...(start.topic ? { topic: start.topic } : {}), ...(start.publish_at ? { publish_at: start.publish_at } : {}),
    audience: { tags: start.audience.tags, tag_mode: start.audience.tag_mode ?? 'any', staff: start.audience.staff ?? [], exclude_tags: start.audience.exclude_tags ?? [] },
  }))
  const set = (part: Partial<MomentDraft>) => setDraft((was) => ({ ...was, ...part }))
  const audience = (part: Partial<MomentDraft['audience']>) => set({ audience: { ...draft.audience, ...part } })
  const { name: _name, ...asked } = draft
  const plan = useChecked<MomentPlan>('/moments/preview', asked)
  const p = plan.data
  const letters = [...draft.text].length
  const over = bytes(draft.text) - mostBytes
  const empty = draft.text.trim() === '' && draft.parts.length === 0
  const refused = refuses(p?.check.verdict) || over > 0 || letters > mostLetters
  const noName = draft.name.trim() === ''
  const run = (act: () => Promise<void>) => {
    setTried(true)
    if (noName) return
    setBusy(true)
    void act().catch((error: unknown) => { if (!(error instanceof ApiError)) throw error; fail(error) }).finally(() => setBusy(false))
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
      reach: t('askReach', { staff: now.per_staff.length, n: now.reachable }), also: t('askAlso', { held: now.held }), button: t('submit', { n: now.reachable }),
      act: async () => {
        await call('POST', `/moments/${encodeURIComponent(to)}/submit`, { body: { expect_reachable: now.reachable } })
        void invalidate('/moments')
        go(`/moments/${encodeURIComponent(to)}`)
      },
    })
  })
  const add = async (files: FileList | null) => {
    for (const file of files ?? []) {
      try {
        const part = await call<MomentPart>('POST', '/moment-media', { body: { name: file.name, content: await read(file) } })
        setDraft((was) => ({ ...was, parts: [...was.parts, part] }))
      } catch (error) { if (!(error instanceof ApiError)) throw error; fail(error) }
    }
  }
  return (
    <Page title={known ? draft.name || t('createTitle') : t('createTitle')} crumbs={[{ text: t('title'), to: '/moments' }]} tags={<span className="tag">{t('draft')}</span>} className="planner">
      <div className="editor3">
        <section className="panel">
          <div className="sec">
            <h2><span className="no">1</span>{t('who')}</h2>
            <label className="cond"><span>{t('name')}</span><span><Input value={draft.name} maxLength={50} status={tried && noName ? 'error' : ''} placeholder={t('nameHint')} onChange={(e) => set({ name: e.target.value })} />{tried && noName && <span className="bad s12">{t('needName')}</span>}</span></label>
            <div className="cond"><span>{t('include')}</span><Select mode="multiple" options={tags} value={draft.audience.tags} placeholder={t('everyTag')} aria-label={t('include')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ tags: v })} /></div>
            <div className="cond"><span>{t('staff')}</span><Select mode="multiple" options={staff} value={draft.audience.staff} placeholder={t('everyStaff')} aria-label={t('staff')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ staff: v })} /></div>
            <div className="cond"><span>{t('exclude')}</span><Select mode="multiple" options={tags} value={draft.audience.exclude_tags} placeholder={t('noExclude')} aria-label={t('exclude')} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string[]) => audience({ exclude_tags: v })} /></div>
          </div>
          <div className="sec">
            <h2><span className="no">2</span>{t('what')}</h2>
            <Input.TextArea value={draft.text} autoSize={{ minRows: 5, maxRows: 14 }} aria-label={t('text')} onChange={(e) => set({ text: e.target.value })} />
            <p className={`s12 ${over > 0 || letters > mostLetters ? 'bad' : 'mute'}`}>{t('letters', { n: letters, most: mostLetters })}{over > 0 && ` · ${t('over', { n: over })}`}</p>
            {(p?.check.findings ?? []).map((x) => <p key={`${x.rule_id}${x.start}`} className={`s13 ${x.severity === 'block' ? 'bad' : 'second'}`}>{x.reason} {x.way_out} <RuleId id={x.rule_id} /></p>)}
            <label className="cond"><span>{t('topic')}</span><Input value={draft.topic ?? ''} maxLength={20} placeholder={t('topicHint')} onChange={(e) => set({ topic: e.target.value })} /></label>
            <ul className="s13">{draft.parts.map((x, i) => <li key={`${x.hash}${i}`} className="row">{x.name ?? x.kind} <Button size="small" type="link" onClick={() => set({ parts: draft.parts.filter((_, j) => j !== i) })}>{t('remove')}</Button></li>)}</ul>
            <input ref={input} type="file" accept="image/jpeg,image/png,video/mp4" multiple hidden aria-label={t('files')} onChange={(e) => { void add(e.target.files); e.target.value = '' }} />
            <Button onClick={() => input.current?.click()}>{t('addFile')}</Button> <span className="mute s12">{t('fileHint')}</span>
          </div>
          <div className="sec">
            <h2><span className="no">3</span>{t('when')}</h2>
            <label className="cond"><span>{t('at')}</span><DatePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" value={draft.publish_at ? dayjs(draft.publish_at) : null} onChange={(v) => setDraft((was) => { const { publish_at: _at, ...rest } = was; return v ? { ...rest, publish_at: v.toISOString() } : rest })} /></label>
            <p className="s12 mute">{t('atHint')}{p && ` ${t('closes', { time: f.when(p.closes_at) })}`}</p>
          </div>
        </section>
        <div className="aside"><Preview plan={p} draft={draft} /></div>
        <div className="plan stack">
          <Panel title={t('plan')}>
            {!p ? plan.error ? <Failed error={plan.error} retry={() => void plan.refetch()} /> : <p className="mute s13">{t('planWait')}</p> : <div aria-live="polite" style={plan.fresh ? undefined : { opacity: 0.6 }}>
              <p className="big">{t.rich('receive', { n: p.reachable })}</p>
              <p className="mute s13">{t('byTag')} {t('publishers', { n: p.per_staff.length })}</p>
              {p.full > 0 && <p className="s13 second">{t('full', { n: p.full })}</p>}
              {p.reasons.length === 0 ? <p className="mute s13">{t('nobody')}</p> : <table className="plain-table"><tbody>{p.reasons.map((r) => <tr key={`${r.rule_id}${r.reason}`}><td>{r.reason}{r.next_at && <div className="mute s12">{t('nextAt', { time: f.moment(r.next_at) })}</div>}</td><td><RuleId id={r.rule_id} /></td><td className="right held b">{f.count(r.count)}</td></tr>)}</tbody></table>}
            </div>}
          </Panel>
        </div>
      </div>
      <div className="foot">
        <span aria-live="polite">{p && p.reachable > 0 ? t.rich('footReach', { n: p.reachable }) : t('footNone')}</span>
        <span className="does">
          <Button loading={busy} onClick={() => run(async () => { await store(); said(t('saved')) })}>{t('save')}</Button>
          <Button type="primary" loading={busy} disabled={refused || empty || !p || p.reachable === 0 || !plan.fresh} onClick={submit}>{p && p.reachable > 0 ? t('submit', { n: p.reachable }) : t('submitPlain')}</Button>
        </span>
      </div>
    </Page>
  )
}

/** A neutral phone that shows what stands before the fold. */
function Preview({ plan, draft }: { plan?: MomentPlan; draft: MomentDraft }) {
  const t = useWords(w)
  const fold = plan?.fold
  return (
    <section className="panel" aria-label={t('phone')}>
      <div className="body">
        <b>{plan?.per_staff[0]?.staff.name}</b>
        <p style={{ whiteSpace: 'pre-line', overflowWrap: 'anywhere' }}>{fold ? fold.shown : draft.text}</p>
        {fold?.rest && <p className="mute">{t('unfold')}</p>}
        {draft.parts.filter((x) => x.kind === 'image').map((x) => <img key={x.hash} src={apiPath(`/moment-media/${x.hash}`)} alt={x.name ?? ''} width={80} height={80} style={{ objectFit: 'cover', marginRight: 4 }} />)}
        <p className="mute s12">{t('phone')}</p>
      </div>
    </section>
  )
}
