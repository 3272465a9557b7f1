// A leak as the form holds it and as the API wants it.
import dayjs, { type Dayjs } from 'dayjs'
import type { Incident } from '../../api/types'

export interface Fields {
  title: string; kind: Incident['kind']; ref?: string; since: Dayjs; until?: Dayjs | null; found_at: Dayjs
  data_kinds: string; cause: string; harm: string; remedies?: string; advice: string; contact: string
}

/** What is empty is left out: an end that is not known yet, what nothing refers to. */
export const bodyOf = ({ since, until, found_at, ref, remedies, ...rest }: Fields) => ({
  ...rest, since: since.toISOString(), found_at: found_at.toISOString(), remedies: remedies ?? '',
  ...(until ? { until: until.toISOString() } : {}), ...(rest.kind !== 'everything' && ref ? { ref } : {}),
})

export const fieldsOf = (i: Incident): Fields => ({
  title: i.title, kind: i.kind, ref: i.ref, since: dayjs(i.since), until: i.until ? dayjs(i.until) : null, found_at: dayjs(i.found_at),
  data_kinds: i.data_kinds, cause: i.cause, harm: i.harm, remedies: i.remedies, advice: i.advice, contact: i.contact,
})
