import type { BroadcastState } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { State, type Tone } from '../../kit/marks'
import { w } from './statewords/words'

const tones: Record<BroadcastState, Tone> = { draft: 'plain', review: 'held', planned: 'plain', creating: 'ok', open: 'warn', done: 'ok', cancelled: 'held', failed: 'bad' }

export function BroadcastStateTag({ state }: { state: BroadcastState }) {
  const t = useWords(w)
  return <State tone={tones[state]}>{t(state)}</State>
}
