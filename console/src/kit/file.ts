// Files on their way to the server: read as base64, uploaded one after the other.
import { useState } from 'react'
import { ApiError, call } from '../api/client'
import { useInvalidate } from '../api/queries'
import type { Material, MaterialKind } from '../api/types'
import { useFail } from './fail'

export const base64 = (file: File) => new Promise<string>((done, failed) => {
  const r = new FileReader()
  r.onload = () => done(String(r.result).replace(/^[^,]*,/, ''))
  r.onerror = () => failed(r.error ?? new Error(file.name))
  r.readAsDataURL(file)
})

/** What a file box may offer, by kind. */
export const accepts: Record<MaterialKind, string> = { image: 'image/jpeg,image/png', video: 'video/mp4', file: '', link: '', miniprogram: 'image/jpeg,image/png' }

/** The kind a file is kept as when nobody says. */
export const kindOf = (file: { type: string }): MaterialKind => (file.type === 'image/jpeg' || file.type === 'image/png' ? 'image' : file.type === 'video/mp4' ? 'video' : 'file')

/** Puts files into the library; what it refuses is a notice, and the others go on. */
export function useUpload() {
  const fail = useFail()
  const invalidate = useInvalidate()
  const [busy, setBusy] = useState(false)
  const upload = async (files: File[], kind: MaterialKind | undefined, got: (m: Material) => void) => {
    setBusy(true)
    for (const file of files) {
      try {
        got(await call<Material>('POST', '/materials', { body: { kind: kind ?? kindOf(file), name: file.name, content: await base64(file) } }))
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        fail(error)
      }
    }
    setBusy(false)
    void invalidate('/materials')
  }
  return [upload, busy] as const
}
