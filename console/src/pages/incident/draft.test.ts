import dayjs from 'dayjs'
import { expect, test } from 'vitest'
import { bodyOf, fieldsOf, type Fields } from './draft'

const fields: Fields = {
  title: 't', kind: 'account', ref: 'S01', since: dayjs('2026-11-24T03:00:00Z'), until: null, found_at: dayjs('2026-11-24T05:00:00Z'),
  data_kinds: 'd', cause: 'c', harm: 'h', advice: 'a', contact: 'x',
}

test('an open hole has no end, and the whole database refers to nothing', () => {
  expect(bodyOf(fields)).toEqual({
    title: 't', kind: 'account', ref: 'S01', since: '2026-11-24T03:00:00.000Z', found_at: '2026-11-24T05:00:00.000Z',
    data_kinds: 'd', cause: 'c', harm: 'h', advice: 'a', contact: 'x', remedies: '',
  })
  expect(bodyOf({ ...fields, until: dayjs('2026-11-24T04:00:00Z') })).toHaveProperty('until', '2026-11-24T04:00:00.000Z')
  expect(bodyOf({ ...fields, kind: 'everything' })).not.toHaveProperty('ref')
})

test('what is on record comes back into the form as it was', () => {
  const body = bodyOf({ ...fields, until: dayjs('2026-11-24T04:00:00Z') })
  const back = fieldsOf({ ...body, id: '1', state: 'open', steps: [], by: { id: 'admin', name: '' }, at: '2026-11-24T05:00:00Z' } as unknown as Parameters<typeof fieldsOf>[0])
  expect(bodyOf(back)).toEqual(body)
})
