import { expect, test } from 'vitest'
import { receiverOptions } from './receiver'

test('ourselves is always there, and nobody who may get nothing', () => {
  expect(receiverOptions([], 'inside')).toEqual([{ value: '0', label: 'inside' }])
  const all = [
    { id: '1', name: 'a', state: 'live' as const }, { id: '2', name: 'b', state: 'ending' as const },
    { id: '3', name: 'c', state: 'past' as const }, { id: '4', name: 'd', state: 'ended' as const },
  ]
  expect(receiverOptions(all, 'inside').map((o) => o.value)).toEqual(['0', '1', '2'])
})
