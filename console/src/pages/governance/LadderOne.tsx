// One step of the ladder: cause, effect, appeal, and what the one who looks may do about it.
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useAct } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { LadderStep } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { RuleId, State } from '../../kit/marks'
import { Facts } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { stateOf, type Rung } from './Ladder'
import { w } from './ladderWords'

const touches = ['/ladder', '/governance/halts', '/home']

export function LadderOne({ step: s }: { step: LadderStep }) {
  const t = useWords(w)
  const f = useFormat()
  const x = stateOf(s)
  const name = s.subject === 'corp' ? t('corp') : s.who.name
  const rung = s.rung as Rung
  return (
    <div className="stack">
      <p className="row"><b>{name}</b><State tone={x.tone}>{t(x.word)}</State></p>
      <p><b>{t(`r${rung}`)}</b> <span className="second">{t(`e${rung}`)}</span></p>
      <Facts rows={[
        [t('by'), s.by.id === 'ladder' ? t('byLadder') : s.by.name],
        ...(s.confirmed_by ? [[t('confirmed'), s.confirmed_by.name] as [string, string]] : []),
        ...(s.reason ? [[t('reason'), s.reason] as [string, string]] : []),
        [t('since'), f.moment(s.since)], [t('until'), s.rung >= 4 ? (s.until ? t('earliest', { time: f.moment(s.until) }) : t('byPeople')) : f.moment(s.until)],
        ...(s.ended_at ? [[t('ended'), [f.moment(s.ended_at), s.ended_why && t(`w_${s.ended_why}`), s.ended_by && s.ended_by.id !== 'ladder' && s.ended_by.name].filter(Boolean).join(' · ')] as [string, string]] : []),
      ]} />
      <section><h3 className="s13 b">{t('hits')}</h3>
        {s.hits.length === 0 ? <p className="mute s13">{t('noHits')}</p> : <ul className="made">{s.hits.map((h, i) => <li key={i} style={h.removed ? { opacity: 0.6 } : undefined}>{h.text && <b>{h.text} </b>}{h.title} <RuleId id={h.rule_id} /> <span className="mute s12">{[f.moment(h.at), t(h.weight >= 3 ? 'x3' : h.weight === 2 ? 'x2' : 'x1'), h.removed && t('removed')].filter(Boolean).join(' · ')}</span></li>)}</ul>}
      </section>
      {s.appeal && <section><h3 className="s13 b">{t('appeal')}</h3>
        <p className="s13">{s.appeal.text} <span className="mute s12">{[s.appeal.by.name, f.moment(s.appeal.at)].join(' · ')}</span></p>
        {s.appeal.decision && <p className="s13" style={{ marginTop: 6 }}><State tone="plain">{t(s.appeal.decision === 'upheld' ? 'appealUpheld' : 'appealDenied')}</State> {s.appeal.note} <span className="mute s12">{[s.appeal.decided_by?.name, s.appeal.decided_at && f.moment(s.appeal.decided_at)].filter(Boolean).join(' · ')}</span></p>}
      </section>}
      {s.resume_by && s.state !== 'ended' && <p className="s13 held">{t('resumeOne', { name: s.resume_by.name })}</p>}
      <Acts step={s} name={name} />
    </div>
  )
}

function Acts({ step: s, name }: { step: LadderStep; name: string }) {
  const t = useWords(w)
  const ask = useReach()
  const said = useSaid()
  const me = useMe()
  const can = useCan()
  const may = can('ladder.write') && me.scope === 'all'
  const [text, setText] = useState('')
  const path = `/ladder/${encodeURIComponent(s.id)}`
  const done = () => { setText(''); said(t('saidDone')) }
  const appeal = useAct({ method: 'POST', path: `${path}/appeal`, body: () => ({ text }), touches, done: () => { setText(''); said(t('appealSaid')) } })
  const decide = useAct<unknown, 'upheld' | 'denied'>({ method: 'POST', path: `${path}/decide`, body: (decision) => ({ decision, note: text }), touches, done: () => { setText(''); said(t('decidedSaid')) } })
  const second = useAct<unknown, boolean>({ method: 'POST', path: `${path}/second`, body: (agree) => ({ agree }), touches, done })
  const resume = useAct({ method: 'POST', path: `${path}/resume`, touches, done })
  const words = (label: string) => <Input.TextArea rows={2} maxLength={500} value={text} onChange={(e) => setText(e.target.value)} placeholder={label} aria-label={label} />
  const empty = text.trim().length < 2
  if (s.may_appeal && can('ladder.appeal')) return <section className="stack" style={{ gap: 8 }}><h3 className="s13 b">{t('appealTitle')}</h3><p className="s13 second">{t('appealText')}</p>{words(t('appealText'))}<div className="row"><Button type="primary" disabled={empty} loading={appeal.isPending} onClick={() => appeal.mutate()}>{t('appealSend')}</Button></div></section>
  if (!may) return null
  const waits = s.appeal !== undefined && !s.appeal.decision
  const ready = s.state !== 'ended' && s.rung >= 4 && (!s.until || new Date(s.until) <= new Date(me.window?.now ?? Date.now()))
  if (!waits && s.state !== 'proposed' && !ready) return null
  if (!s.may_decide && (waits || s.state === 'proposed')) return <p className="second s13">{t('mayNot')}</p>
  return (
    <>
      {waits && <section className="stack" style={{ gap: 8 }}><h3 className="s13 b">{t('decideTitle')}</h3>{words(t('note'))}<div className="row"><Button disabled={empty} loading={decide.isPending} onClick={() => decide.mutate('denied')}>{t('deny')}</Button><Button type="primary" disabled={empty} loading={decide.isPending} onClick={() => decide.mutate('upheld')}>{t('uphold')}</Button></div></section>}
      {s.state === 'proposed' && <div className="row"><Button loading={second.isPending} onClick={() => second.mutate(false)}>{t('disagree')}</Button><Button danger loading={second.isPending} onClick={() => second.mutate(true)}>{t('agree')}</Button></div>}
      {s.state === 'in_force' && ready && !waits && <div className="row"><Button onClick={() => ask({ reach: t('resumeReach', { name }), also: t('resumeAlso'), button: t('resume'), act: () => resume.mutateAsync() })} loading={resume.isPending}>{t('resume')}</Button></div>}
    </>
  )
}
