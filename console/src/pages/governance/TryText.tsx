// A text against the content rules: the decision, what was found where in the original, how it was read, what the classifier makes of it.
import { Input, Select } from 'antd'
import { useState } from 'react'
import type { Touch, Tried } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { refuses, spans } from '../../kit/findings'
import { Icon } from '../../kit/Icon'
import { RuleId, State } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useChecked } from '../../kit/useChecked'
import { w } from './ruleWords'
import { w as touchWords } from './words'

type Class = Touch['class']
type Channel = Touch['channel']
const classes: Class[] = ['marketing', 'lifecycle', 'service', 'transactional', 'emergency']
const channels: Channel[] = ['mass_customer', 'mass_group', 'moment', 'welcome', 'group_welcome', 'kf']

export function TryText() {
  const t = useWords(w)
  const touch = useWords(touchWords)
  const [text, setText] = useState('')
  const [cls, setClass] = useState<Class>()
  const [channel, setChannel] = useState<Channel>()
  const tried = useChecked<Tried>('/governance/try', text.trim() ? { text, class: cls, channel } : null)
  return (
    <Panel title={t('tryTitle')} sub={t('trySub')}>
      <div className="stack" style={{ gap: 10 }}>
        <Input.TextArea rows={3} value={text} maxLength={4000} onChange={(e) => setText(e.target.value)} placeholder={t('tryHint')} aria-label={t('tryHint')} />
        <div className="row">
          <Select style={{ width: 160 }} allowClear value={cls} onChange={setClass} placeholder={t('anyClass')} aria-label={t('cls')} options={classes.map((c) => ({ value: c, label: touch(`c_${c}`) }))} />
          <Select style={{ width: 180 }} allowClear value={channel} onChange={setChannel} placeholder={t('anyChannel')} aria-label={t('channel')} options={channels.map((c) => ({ value: c, label: touch(`ch_${c}`) }))} />
        </div>
        {tried.error && <p className="bad s13" role="alert">{tried.error.message}</p>}
        {tried.data && text.trim() && <div className="tried" aria-live="polite" data-verdict={tried.data.verdict} style={{ opacity: tried.fresh ? 1 : 0.6 }}><Decision tried={tried.data} text={text} /></div>}
      </div>
    </Panel>
  )
}

function Decision({ tried: x, text }: { tried: Tried; text: string }) {
  const t = useWords(w)
  const undone = x.changes.filter((c) => !/^[，！？：；（）]+$/.test(c.was)) // full-width punctuation is how everybody writes
  return (
    <>
      <p className="row"><State tone={refuses(x.verdict) ? 'bad' : x.verdict === 'review' ? 'held' : x.verdict === 'warn' ? 'warn' : 'ok'}>{t(`a_${x.verdict}`)}</State><b>{t(`v_${x.verdict}`)}</b>{x.findings.length > 0 && <span className="second s13">{t('found', { n: x.findings.length })}</span>}<span className="push mute s12">{t('underRules', { v: x.version })}</span></p>
      <blockquote>{spans(text, x.findings).map((p, i) => (p.severity ? <mark key={i} className={refuses(p.severity) ? 'refused' : 'advice'}>{p.text}</mark> : <span key={i}>{p.text}</span>))}</blockquote>
      {x.findings.map((f, i) => (
        <div key={i} className={`note ${refuses(f.severity) ? 'bad' : f.severity === 'review' ? 'held' : ''}`}>
          <Icon name={refuses(f.severity) ? 'cross' : f.severity === 'review' ? 'held' : 'note'} size={14} />
          <div><b>{f.text || t('whole')}</b> <span className="mute s12">{t(`l_${f.layer}`)}{f.matched && f.matched !== f.text && ` · ${t('readAs')} ${f.matched}`}</span><br />{f.reason} <span className="second">{f.way_out}</span> <RuleId id={f.rule_id} /></div>
        </div>
      ))}
      <dl className="kv">
        <dt>{t('readAs')}</dt><dd>{x.normal === text ? <span className="mute">{t('asIs')}</span> : x.normal}</dd>
        {undone.length > 0 && <><dt>{t('undone')}</dt><dd>{undone.slice(0, 20).map((c, i) => <span key={i} className="change"><code>{shown(c.was)}</code> → {c.now ? <code>{shown(c.now)}</code> : <span className="mute">{t('dropped')}</span>}</span>)}</dd></>}
        {x.sounds && <><dt>{t('sounds')}</dt><dd className="second s13">{x.sounds}</dd></>}
      </dl>
      <h3 className="s13 b">{t('scores')}</h3>
      <div className="wide"><table className="plain-table">
        <thead><tr><th>{t('cls')}</th><th className="num">{t('score')}</th><th className="num">{t('line')}</th><th>{t('atMost')}</th><th>{t('speaks')}</th></tr></thead>
        <tbody>{x.scores.map((s) => (
          <tr key={s.class}>
            <td className="nowrap">{t(`c_${s.class}`)} <RuleId id={s.rule_id} /></td>
            <td className="num">{s.score <= -99 ? <span className="mute">{t('tooShort')}</span> : <span className={s.score >= s.review ? 'b bad' : ''}>{s.score.toFixed(2)}</span>}</td>
            <td className="num">{s.review.toFixed(2)}</td><td>{t(`a_${s.ceiling}`)}</td>
            <td className="second s13">{s.grams.slice(0, 6).map((g) => g.text).join(' · ') || '—'}</td>
          </tr>
        ))}</tbody>
      </table></div>
      <p className="mute s12">{t('scoresNote')}</p>
    </>
  )
}

/** Characters that nobody sees are written out. */
const shown = (s: string) => s.replace(/[\p{Cf}\p{Mn}\s]/gu, (c) => `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`)
