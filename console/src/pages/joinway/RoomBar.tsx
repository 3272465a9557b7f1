import type { Joinway } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { w } from './words'
import './joinway.css'

/** How full one group is. */
export function RoomBar({ room: r }: { room: Joinway['rooms'][number] }) {
  const t = useWords(w)
  return (
    <div className="room">
      <span className="cut" title={r.name}>{r.name}</span>
      <span className={r.full ? 'second' : 'mute'}>{r.members} / {r.limit}{r.full ? ` ${t('full')}` : ''}</span>
      <span className="bar"><i className={r.full ? 'full' : ''} style={{ width: `${Math.min(100, (r.members / Math.max(1, r.limit)) * 100)}%` }} /></span>
    </div>
  )
}
