// One line of a talk: whose it is shows by side and ground, never by colour alone.
import type { Message, Session } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { Avatar, HeldMark } from '../../kit/marks'
import { w } from './words'

export function Line({ message: m, customer }: { message: Message; customer: Session['customer'] }) {
  const t = useWords(w)
  const f = useFormat()
  if (m.from === 'event' && m.text === '[event]') return null
  if (m.from === 'event' || (m.from === 'system' && m.type !== 'note')) return <div className="sys"><span>{m.text}　{f.clock(m.at)}</span></div>
  // WeChat has notes of its own, sent by customers; ours come from the system.
  const note = m.from === 'system'
  const out = m.from !== 'customer'
  const bot = m.from === 'bot'
  const who = note ? [t('note'), m.agent?.name].filter(Boolean).join(' · ') : bot ? t('bot') : out ? `${m.agent?.name ?? ''}${m.from === 'wecom' ? ` ${t('inWecom')}` : ''}` : ''
  const state = out && !note && m.state !== 'received' ? m.state : undefined
  return (
    <div className={`m ${out ? 'out' : ''} ${bot ? 'bot' : ''} ${note ? 'note-m' : ''}`}>
      {bot ? <span className="av grey"><Icon name="robot" size={14} /></span> : <Avatar name={out ? (m.agent?.name ?? '·') : customer.name} src={out ? '' : customer.avatar} grey={!out} size={32} />}
      <div>
        <p className="meta">{who && <span>{who}</span>}<span>{f.clock(m.at)}</span>{state && state !== 'sent' && <span className={state === 'failed' ? 'bad b' : state === 'held' ? 'held' : ''}>{t(`m_${state}`)}</span>}</p>
        <div className="x">{m.text}</div>
        {bot && m.rule && <p className="cite"><Icon name="note" size={14} />{t('basis')} <A to={`/autoreplies/${encodeURIComponent(m.rule.id)}`}>{m.rule.name}</A></p>}
        {(m.state === 'failed' || m.state === 'held') && <p className="cite">{m.state === 'held' ? <HeldMark>{m.reason}</HeldMark> : <span className="bad">{m.reason}</span>}{m.touch_id && <A to={`/touches/${encodeURIComponent(m.touch_id)}`}>{t('why')}</A>}</p>}
      </div>
    </div>
  )
}
