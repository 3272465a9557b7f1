import type { MomentState } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { State, type Tone } from '../../kit/marks'
import { w } from './words'

const tones: Record<MomentState, Tone> = { draft: 'plain', review: 'held', scheduled: 'plain', preparing: 'ok', making: 'ok', open: 'warn', done: 'ok', cancelled: 'plain', failed: 'bad' }

export function MomentStateTag({ state }: { state: MomentState }) {
  const t = useWords(w)
  return <State tone={tones[state]}>{t(state)}</State>
}
