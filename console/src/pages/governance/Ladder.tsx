// Who stands on the ladder, why, until when; appeals, and what another person makes of them.
import { Button, Drawer, Input, Modal, Segmented, Select } from 'antd'
import { useState } from 'react'
import { useLive } from '../../api/live'
import { useAct, useGet, useInvalidateSoon } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { LadderStep } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { List, type Column } from '../../kit/List'
import { RuleId, State, type Tone } from '../../kit/marks'
import { useStaffOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { w as kit } from '../../kit/words'
import { Frauds } from './Frauds'
import { LadderOne } from './LadderOne'
import { w } from './ladderWords'
import './governance.css'

const path = '/ladder'
const shows = ['current', 'appeals', 'all'] as const
export type Rung = 1 | 2 | 3 | 4 | 5

/** Its state in one word: a step of which only the time is over still counts for the next one. */
export function stateOf(s: LadderStep): { word: 's_proposed' | 's_in_force' | 's_past' | 's_ended'; tone: Tone } {
  if (s.state === 'ended') return { word: 's_ended', tone: 'plain' }
  if (s.state === 'proposed') return { word: 's_proposed', tone: 'warn' }
  return s.holds ? { word: 's_in_force', tone: 'held' } : { word: 's_past', tone: 'plain' }
}

export function Ladder() {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const me = useMe()
  const soon = useInvalidateSoon()
  useLive('ladder', () => soon(path))
  const may = useCan()('ladder.write') && me.scope === 'all'
  const [raising, setRaising] = useState(false)
  const open = url.one('open')
  const show = shows.find((s) => s === url.one('show')) ?? 'current'
  const columns: Column<LadderStep>[] = [
    { key: 'who', title: t('who'), render: (s) => <button type="button" className="linky" onClick={() => url.set({ open: s.id })}>{s.subject === 'corp' ? t('corp') : s.who.name}</button> },
    { key: 'rung', title: t('rung'), render: (s) => <b className="nowrap">{t(`r${s.rung as Rung}`)}</b> },
    { key: 'state', title: t('state'), render: (s) => { const x = stateOf(s); return <State tone={x.tone}>{t(x.word)}</State> } },
    { key: 'cause', title: t('cause'), render: (s) => <div className="s13">{s.rules.slice(0, 2).map((r) => <div key={r.id}>{r.title} <RuleId id={r.id} /></div>)}{s.reason && <div className="second">{s.reason}</div>}</div> },
    { key: 'since', title: t('since'), num: true, render: (s) => <span className="nowrap">{f.moment(s.since)}</span> },
    { key: 'until', title: t('until'), num: true, render: (s) => <span className="nowrap">{s.rung >= 4 ? <span className="s13">{s.until ? t('earliest', { time: f.moment(s.until) }) : t('byPeople')}</span> : f.moment(s.until)}</span> },
    { key: 'appeal', title: t('appeal'), render: (s) => (s.appeal ? <State tone={s.appeal.decision ? 'plain' : 'warn'}>{t(s.appeal.decision === 'upheld' ? 'appealUpheld' : s.appeal.decision === 'denied' ? 'appealDenied' : 'appealWaits')}</State> : <span className="mute">—</span>) },
  ]
  return (
    <Page title={t('title')} meta={t('meta')} actions={may && <Button onClick={() => setRaising(true)}>{t('raise')}</Button>}>
      <Frauds />
      <Segmented style={{ marginBottom: 12 }} value={show} onChange={(v) => url.set({ show: v === 'current' ? undefined : v, after: undefined })} options={shows.map((s) => ({ value: s, label: t(`show_${s}`) }))} />
      <List<LadderStep> key={show} id="ladder" path={path} query={{ show }} rowKey={(s) => s.id} columns={columns} open={(s) => url.set({ open: s.id })} empty={{ title: t('none'), text: t('noneText') }} />
      <Drawer open={open !== ''} onClose={() => url.set({ open: undefined })} title={t('title')} size="large" destroyOnHidden>{open !== '' && <Opened id={open} />}</Drawer>
      {raising && <Raise close={() => setRaising(false)} />}
    </Page>
  )
}

function Opened({ id }: { id: string }) {
  const found = useGet<LadderStep>(`${path}/${encodeURIComponent(id)}`)
  return <Ready query={found}>{(s) => <LadderOne step={s} />}</Ready>
}

/** A person takes somebody up. What it stops is said before the button. */
function Raise({ close }: { close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const staff = useStaffOptions()
  const [who, setWho] = useState<string>()
  const [rung, setRung] = useState<Rung>(1)
  const [reason, setReason] = useState('')
  const corp = who === ''
  const act = useAct({ method: 'POST', path, body: () => ({ subject: corp ? 'corp' : 'staff', subject_id: corp ? undefined : who, rung, reason }), touches: [path, '/governance/halts', '/broadcasts', '/moments', '/home'], done: () => { said(t('saidDone')); close() } })
  return (
    <Modal open title={t('raiseTitle')} onCancel={close} okText={t('raiseButton')} cancelText={k('cancel')} okButtonProps={{ disabled: who === undefined || reason.trim().length < 2, danger: rung >= 4 }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <div className="stack" style={{ gap: 12 }}>
        <label><span className="second s13">{t('who')}</span><Select style={{ width: '100%' }} showSearch={{ optionFilterProp: 'label' }} value={who} onChange={setWho} aria-label={t('who')} options={[{ value: '', label: t('raiseCorp') }, ...staff]} placeholder={t('raiseWho')} /></label>
        <label><span className="second s13">{t('rung')}</span><Select<Rung> style={{ width: '100%' }} value={rung} onChange={setRung} aria-label={t('rung')} options={([1, 2, 3, 4, 5] as Rung[]).map((r) => ({ value: r, label: t(`r${r}`) }))} /></label>
        <p className={`s13 ${rung >= 4 ? 'held' : 'second'}`}>{t(`e${rung}`)} {rung === 5 && t('raiseStop')}</p>
        <Input.TextArea rows={2} maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} placeholder={t('raiseReason')} aria-label={t('raiseReason')} />
      </div>
    </Modal>
  )
}
