// The one way to the API: addresses under the base path, the cookie session, the caller's language, and one error type.
import { locale } from '../i18n/i18n'
import type { Problem } from './types'

/** Any answer that is not a success, or no answer at all (status 0). `ref` is what a person quotes to support. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly ref: string
  readonly fields: { location: string; message: string }[]
  constructor(p: Partial<Problem> & { status: number }) {
    super(p.detail || p.title || '')
    this.name = 'ApiError'
    this.status = p.status
    this.code = p.code ?? (p.status === 0 ? 'unreachable' : 'unknown')
    this.title = p.title ?? ''
    this.ref = p.request_id ?? ''
    this.fields = p.errors ?? []
  }
}

export type QueryValue = string | number | boolean | string[] | undefined | null
export type Query = Record<string, QueryValue>

/** The path the console is served under, with a slash at its end; index.html carries it in <base>. */
export const basePath = () => new URL(document.baseURI).pathname.replace(/[^/]*$/, '')
export const apiPath = (path: string, query?: Query) => `${basePath()}api/v1${path}${search(query)}`

export function search(query: Query = {}): string {
  const out = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const v of value) out.append(key, v)
    else if (value !== undefined && value !== null && value !== '') out.append(key, String(value))
  }
  const text = out.toString()
  return text ? `?${text}` : ''
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Called on 401, so that the frame can show the login page again. */
let onSignedOut: () => void = () => {}
export const whenSignedOut = (act: () => void) => { onSignedOut = act }

export async function call<T>(method: Method, path: string, options: { query?: Query; body?: unknown; signal?: AbortSignal } = {}): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(apiPath(path, options.query), {
      method, credentials: 'same-origin', signal: options.signal,
      headers: { Accept: 'application/json', 'Accept-Language': locale(), ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError({ status: 0 })
  }
  const text = await answer.text()
  const body = parse(text)
  if (answer.ok) return body as T
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>
  if (answer.status === 401 && path !== '/session') onSignedOut()
  throw new ApiError({ ...problem, status: answer.status, request_id: problem.request_id ?? answer.headers.get('X-Request-Id') ?? '' })
}

function parse(text: string): unknown {
  if (!text) return undefined
  // Go writes an empty list as null; the API has no other nulls (absent things are absent).
  try { return JSON.parse(text, (_key, value: unknown) => (value === null ? [] : value)) } catch { return undefined }
}
