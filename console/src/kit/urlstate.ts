// The state of a page that a link carries: filters, sort, cursor, open drawer. Plain query text, repeated keys for several values.
export type UrlState = Record<string, string | string[]>
export type UrlChange = Record<string, string | string[] | undefined | null>

export function parseSearch(text: string): UrlState {
  const out: UrlState = {}
  for (const [key, value] of new URLSearchParams(text)) {
    const was = out[key]
    if (was === undefined) out[key] = value
    else out[key] = [...(Array.isArray(was) ? was : [was]), value]
  }
  return out
}

export function stringifySearch(state: Record<string, unknown>): string {
  const out = new URLSearchParams()
  for (const [key, value] of Object.entries(state)) {
    if (Array.isArray(value)) for (const v of value) { if (typeof v === 'string' && v !== '') out.append(key, v) }
    else if (typeof value === 'string' && value !== '') out.append(key, value)
  }
  const text = out.toString()
  return text ? `?${text}` : ''
}

export const one = (state: UrlState, key: string): string => {
  const value = state[key]
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '')
}

export const many = (state: UrlState, key: string): string[] => {
  const value = state[key]
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/** The state after a change; a new filter or sort starts the list again, so the cursor goes. */
export function change(state: UrlState, next: UrlChange, keeps: string[] = ['open', 'after', 'tab']): UrlState {
  const out: UrlState = { ...state }
  if (Object.keys(next).some((key) => !keeps.includes(key))) delete out.after
  for (const [key, value] of Object.entries(next)) {
    if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)) delete out[key]
    else out[key] = Array.isArray(value) && value.length === 1 ? (value[0] ?? '') : value
  }
  return out
}
