// A file of the API, saved on the caller's machine in the language of the console; an error is a notice, not another page.
import { useState } from 'react'
import { ApiError, apiPath } from '../api/client'
import type { Problem } from '../api/types'
import { locale } from '../i18n/i18n'
import { useFail } from './fail'

export function useSave() {
  const fail = useFail()
  const [busy, setBusy] = useState(false)
  const save = async (path: string, name: string) => {
    setBusy(true)
    try {
      keep(await read(path), name)
    } catch (error) {
      fail(error instanceof ApiError ? error : new ApiError({ status: 0 }))
    }
    setBusy(false)
  }
  return [save, busy] as const
}

async function read(path: string): Promise<Blob> {
  const answer = await fetch(apiPath(path), { credentials: 'same-origin', headers: { 'Accept-Language': locale() } })
  if (answer.ok) return answer.blob()
  const problem = await answer.json().catch(() => ({})) as Partial<Problem>
  throw new ApiError({ ...problem, status: answer.status, request_id: problem.request_id ?? answer.headers.get('X-Request-Id') ?? '' })
}

function keep(content: Blob, name: string) {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = fileName(name)
  link.click()
  URL.revokeObjectURL(url)
}

/** A name that every file system takes. */
export const fileName = (name: string): string => name.replace(/[\\/:*?"<>|\s\u0000-\u001f]+/g, '-').replace(/^\.+/, '') || 'file'
