// Words that were found to be fraud: the evidence, what is frozen with them, and what an owner makes of it. Nobody can take one away.
import { Button, Input, Modal, Radio } from 'antd'
import { useState } from 'react'
import { useLive } from '../../api/live'
import { useAct, useGet, useInvalidateSoon } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Fraud, Frauds as FraudsData } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { useSaid } from '../../kit/fail'
import { spans } from '../../kit/findings'
import { RuleId, State, type Tone } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './fraudWords'

const path = '/governance/frauds'
const tones: Record<Fraud['state'], Tone> = { open: 'bad', confirmed: 'bad', mistaken: 'plain' }
const pages: Record<string, string> = { broadcast: '/broadcasts/', moment: '/moments/', welcome: '/welcomes/', autoreply: '/autoreplies/' }

export function Frauds() {
  const t = useWords(w)
  const can = useCan()
  const me = useMe()
  const soon = useInvalidateSoon()
  useLive('ladder', () => soon(path))
  const may = can('fraud.read') && me.scope === 'all'
  const found = useGet<FraudsData>(may ? path : null)
  if (!may || found.data?.items.length === 0) return null // seldom, and then everything
  return (
    <div style={{ marginBottom: 16 }}><Panel title={t('title')} sub={<RuleId id="LAW-35" />}>
      <p className="s12 mute">{t('text')}</p>
      <Ready query={found} rows={2}>{(d) => <div className="stack" style={{ gap: 16, marginTop: 12 }}>{d.items.map((c) => <One key={c.id} of={c} />)}</div>}</Ready>
    </Panel></div>
  )
}

function One({ of: c }: { of: Fraud }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const decides = useCan()('fraud.write')
  const [deciding, setDeciding] = useState(false)
  const page = c.kind ? pages[c.kind] : undefined
  const name = c.campaign.name || t('nothing')
  const who = c.source === 'guard' ? t('byRules') : t('byReviewer', { who: actor(c.found_by?.name || c.found_by?.id) })
  return (
    <article className="tried">
      <div className="row" style={{ gap: 8 }}>
        <State tone={tones[c.state]}>{t(c.state)}</State>
        <b>{page && c.campaign.id ? <A to={page + encodeURIComponent(c.campaign.id)}>{name}</A> : name}</b>
        <span className="mute s12">{t('found', { author: actor(c.author.name || c.author.id), at: f.moment(c.found_at) })} · {who}</span>
        {c.may_decide && <Button size="small" className="push" onClick={() => setDeciding(true)}>{t('decide')}</Button>}
      </div>
      {c.words.filter((x) => x.text).map((x, i) => <blockquote key={i} style={{ margin: '8px 0' }}>{spans(x.text, c.findings.filter((y) => y.field === x.name).map((y) => ({ ...y, severity: 'block' as const }))).map((p, n) => (p.severity ? <mark key={n} className="refused">{p.text}</mark> : <span key={n}>{p.text}</span>))}</blockquote>)}
      <p className="s12">{c.findings.map((x, i) => <span key={i}><RuleId id={x.rule_id} /> {x.text && `「${x.text}」`} </span>)}</p>
      <p className="s12 mute">{c.frozen ? t('frozen') : t('free')} {c.reached > 0 && <A to={`/touches?campaign=${encodeURIComponent(`${c.kind ?? ''}/${c.campaign.id}`)}`}>{t('reached', { n: c.reached })}</A>} {c.intact ? t('intact') : <State tone="bad">{t('changed')}</State>}</p>
      {c.decided_at && <p className="s12">{t('decided', { who: actor(c.decided_by?.name || c.decided_by?.id), at: f.moment(c.decided_at) })} {c.note}</p>}
      {decides && c.state === 'open' && !c.may_decide && <p className="s12 second">{t('ownText')}</p>}
      {deciding && <Decide of={c} close={() => setDeciding(false)} />}
    </article>
  )
}

function Decide({ of: c, close }: { of: Fraud; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [confirmed, setConfirmed] = useState<boolean>()
  const [note, setNote] = useState('')
  const act = useAct({ method: 'POST', path: `${path}/${encodeURIComponent(c.id)}/decide`, body: () => ({ confirmed: confirmed === true, note }), touches: [path, '/ladder', '/home'], done: () => { said(t('saved')); close() } })
  return (
    <Modal open title={t('decide')} onCancel={close} okText={t('save')} cancelText={k('cancel')} okButtonProps={{ disabled: confirmed === undefined || note.trim().length < 2, danger: confirmed }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <div className="stack" style={{ gap: 12 }}>
        <Radio.Group value={confirmed} onChange={(e) => setConfirmed(e.target.value as boolean)} options={[{ value: true, label: t('yes') }, { value: false, label: t('no') }]} />
        {confirmed !== undefined && <p className="s13 second">{t(confirmed ? 'yesText' : 'noText')}</p>}
        <Input.TextArea rows={3} maxLength={500} value={note} onChange={(e) => setNote(e.target.value)} placeholder={t(confirmed === false ? 'why' : 'done')} aria-label={t('note')} />
      </div>
    </Modal>
  )
}
