// Which receivers can be chosen for an export.
import type { DataReceiver } from '../../api/types'

/** Ourselves first, then whoever may get data now. */
export const receiverOptions = (all: Pick<DataReceiver, 'id' | 'name' | 'state'>[], ourselves: string) => [
  { value: '0', label: ourselves },
  ...all.filter((r) => r.state === 'live' || r.state === 'ending').map((r) => ({ value: r.id, label: r.name })),
]
