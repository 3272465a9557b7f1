// One text before a reviewer: the words with what objects to them, what it resembles, what was decided about words like it; then
// one of two verbs. Of a blind sample only the words show.
import { Button, Checkbox, Input, Select } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { ReviewOne } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { useSaid } from '../../kit/fail'
import { refuses, spans } from '../../kit/findings'
import { Icon } from '../../kit/Icon'
import { RuleId, State } from '../../kit/marks'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './words'

const bad = ['gambling', 'porn', 'fraud', 'grey', 'induced', 'claim'] as const
const lawful = ['service', 'marketing', 'private', 'exempt'] as const
type Label = (typeof bad)[number] | (typeof lawful)[number]
const originals: Partial<Record<ReviewOne['noun'], string>> = { broadcast: '/broadcasts', moment: '/moments', welcome: '/welcomes', autoreply: '/autoreplies' }

export function OneText({ id, close }: { id: string; close: () => void }) {
  const found = useGet<ReviewOne>(`/reviews/${encodeURIComponent(id)}`)
  return <Ready query={found}>{(one) => <Shown one={one} close={close} />}</Ready>
}

function Shown({ one, close }: { one: ReviewOne; close: () => void }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const original = originals[one.noun]
  return (
    <div className="tried one-text">
      <p className="row"><State tone={one.held ? 'held' : 'plain'}>{t(`c_${one.cause}`)}</State><b>{one.title || t(`n_${one.noun}`)}</b><span className="mute s12">{[t(`n_${one.noun}`), one.author && actor(one.author.name), f.moment(one.at)].filter(Boolean).join(' · ')}</span>{original && one.ref && <A className="push s13" to={`${original}/${encodeURIComponent(one.ref)}`}>{t('see')}</A>}</p>
      {one.fields.map((x, i) => (
        <blockquote key={i} aria-label={t('field', { n: i + 1 })}>{spans(x.text, one.findings.filter((y) => y.field === x.name)).map((p, n) => (p.severity ? <mark key={n} className={refuses(p.severity) ? 'refused' : 'advice'}>{p.text}</mark> : <span key={n}>{p.text}</span>))}</blockquote>
      ))}
      {one.blind ? <p className="note"><Icon name="note" size={14} /><span>{t('blind')}</span></p> : <Reasons one={one} />}
      <Decide one={one} close={close} />
    </div>
  )
}

function Reasons({ one }: { one: ReviewOne }) {
  const t = useWords(w)
  const f = useFormat()
  return (
    <>
      <section><h3 className="s13 b">{t('found')}</h3>
        {one.findings.length === 0 ? <p className="mute s13">{t('foundNone')}</p> : one.findings.map((x, i) => (
          <div key={i} className={`note ${refuses(x.severity) ? 'bad' : x.severity === 'review' ? 'held' : ''}`}><Icon name={x.severity === 'review' ? 'held' : 'note'} size={14} /><div>{x.text && <b>{x.text} </b>}{x.reason} <span className="second">{x.way_out}</span> <RuleId id={x.rule_id} /></div></div>
        ))}
      </section>
      {one.scores.length > 0 && <section><h3 className="s13 b">{t('scores')}</h3>
        <ul className="made">{one.scores.map((s) => <li key={s.field + s.class}><b>{t(`l_${s.class as Label}`)}</b> <span className="second s13">{t('score', { score: s.score.toFixed(2), review: s.review.toFixed(2) })}</span> <span className="mute s12">{s.grams.join(' · ')}</span></li>)}</ul>
      </section>}
      {one.similar.length > 0 && <section><h3 className="s13 b">{t('similar')}</h3>
        <ul className="made">{one.similar.map((s) => <li key={s.id}><State tone={s.state === 'passed' ? 'ok' : 'held'}>{t(`s_${s.state}`)}</State> <span className="s13">{s.text}</span> <span className="mute s12">{[t('alike', { n: s.share }), s.by?.name, s.decided_at && f.moment(s.decided_at), s.note].filter(Boolean).join(' · ')}</span></li>)}</ul>
      </section>}
    </>
  )
}

function Decide({ one, close }: { one: ReviewOne; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const ask = useReach()
  const said = useSaid()
  const me = useMe()
  const may = useCan()('review.write') && me.scope === 'all'
  const [giving, setGiving] = useState(false)
  const [note, setNote] = useState('')
  const [label, setLabel] = useState<Label>()
  const [grave, setGrave] = useState(false)
  const path = `/reviews/${encodeURIComponent(one.id)}`
  const touches = ['/reviews', '/broadcasts', '/moments', '/welcomes', '/autoreplies', '/ladder', '/home']
  const pass = useAct({ method: 'POST', path: `${path}/pass`, body: () => ({ expect_reachable: one.reachable, label: lawful.includes(label as (typeof lawful)[number]) ? label : undefined }), touches, done: () => { said(t('passedSaid')); close() } })
  const back = useAct({ method: 'POST', path: `${path}/return`, body: () => ({ note, label: bad.includes(label as (typeof bad)[number]) ? label : undefined, grave }), touches, done: () => { said(t('backSaid')); close() } })
  const second = useAct<unknown, boolean>({ method: 'POST', path: `${path}/second`, body: (agree) => ({ agree }), touches, done: () => { said(t('secondSaid')); close() } })
  if (one.state !== 'open' && one.state !== 'second') {
    return <p className="s13"><State tone={one.state === 'passed' ? 'ok' : 'held'}>{t(`s_${one.state}`)}</State> {one.note} <span className="mute s12">{[one.by && one.decided_at && t('decidedBy', { name: one.by.name, time: f.moment(one.decided_at) }), one.grave && one.second_by && t('seconded', { name: one.second_by.name })].filter(Boolean).join(' · ')}</span></p>
  }
  if (one.own || !may) return <p className="second s13">{one.own ? t('own') : t('mayNot')}</p>
  if (one.state === 'second') {
    return (
      <section className="stack" style={{ gap: 10 }}>
        <h3 className="s13 b">{t('secondTitle')}</h3>
        <p className="s13">{one.by?.name}: {one.note}</p>
        <div className="row"><Button onClick={() => second.mutate(false)} loading={second.isPending}>{t('disagree')}</Button><Button danger onClick={() => ask({ reach: t('agreeReach', { name: one.author?.name ?? '' }), also: t('agreeAlso'), button: t('agree'), danger: true, act: () => second.mutateAsync(true) })}>{t('agree')}</Button></div>
      </section>
    )
  }
  const options = (giving ? bad : lawful).map((l) => ({ value: l as Label, label: t(`l_${l}`) }))
  return (
    <section className="stack" style={{ gap: 10 }}>
      <p className="s13">{one.held ? t.rich('reach', { n: one.reachable }) : one.noun === 'greeting' ? t('greetingText') : one.noun === 'kf' ? t('oneMessage') : t('inUse')}</p>
      <label><span className="second s13">{t('label')}</span><Select<Label> style={{ width: '100%' }} allowClear value={label} onChange={(v) => setLabel(v)} options={options} placeholder={giving ? t('noLabel') : t(one.class === 'marketing' || one.class === 'lifecycle' ? 'l_marketing' : 'l_service')} /></label>
      {giving ? <>
        <Input.TextArea rows={3} maxLength={200} value={note} onChange={(e) => setNote(e.target.value)} placeholder={t('note')} aria-label={t('note')} />
        <Checkbox checked={grave} onChange={(e) => setGrave(e.target.checked)}>{t('grave')}</Checkbox>
        {grave && <p className="s12 held">{t('graveText')}</p>}
        <div className="row"><Button onClick={() => { setGiving(false); setLabel(undefined); setGrave(false) }}>{k('cancel')}</Button><Button type="primary" disabled={note.trim().length < 2} loading={back.isPending} onClick={() => back.mutate()}>{t('back')}</Button></div>
      </> : (
        <div className="row"><Button onClick={() => { setGiving(true); setLabel(undefined) }}>{t('back')}</Button><Button type="primary" loading={pass.isPending} onClick={() => (one.held ? ask({ reach: t('passReach', { n: one.reachable }), also: t('passAlso'), button: t('passN', { n: one.reachable }), act: () => pass.mutateAsync() }) : pass.mutate())}>{one.held ? t('passN', { n: one.reachable }) : t('pass')}</Button></div>
      )}
    </section>
  )
}
