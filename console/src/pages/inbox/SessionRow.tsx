import type { Session } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { Icon } from '../../kit/Icon'
import { Avatar } from '../../kit/marks'
import { useNow } from '../../kit/useNow'
import { w } from './words'

/** From here on waiting is late: the bot has told the customer that somebody comes within five minutes. */
const promised = 300

export function SessionRow({ session: s, on, onPick }: { session: Session; on: boolean; onPick: () => void }) {
  const t = useWords(w)
  const f = useFormat()
  return (
    <button type="button" className={`sess ${on ? 'on' : ''}`} onClick={onPick} aria-current={on}>
      <Avatar name={s.customer.name} src={s.customer.avatar} size={36} />
      <span className="nm cut">{s.customer.name}</span><span className="tm">{f.when(s.last.at)}</span>
      <span className="tx cut">{s.last.from === 'bot' ? t('botSaid', { text: s.last.text }) : s.last.text}</span>
      <span className="st">
        {s.state === 'waiting' && s.waiting_since ? <Waiting since={s.waiting_since} /> : s.state === 'human' ? <span className="pine b">{s.agent ? t('humanBy', { name: s.agent.name }) : t('s_human')}</span> : s.state === 'bot' ? <><Icon name="robot" size={14} />{t('s_bot')}</> : t('s_ended')}
        <span className="cut">{s.state === 'waiting' ? t('s_waiting') : s.account.name}</span>
        {s.unread > 0 && <span className="new">{s.unread}</span>}
      </span>
    </button>
  )
}

export function Waiting({ since }: { since: string }) {
  const t = useWords(w)
  const f = useFormat()
  const seconds = Math.max(0, (useNow(1000) - Date.parse(since)) / 1000)
  return <span className={seconds > promised ? 'late' : 'wait'}>{t('waited', { t: f.duration(seconds) })}</span>
}
