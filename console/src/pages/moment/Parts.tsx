// What stands below a Moment's text: up to 9 pictures, or a film, or a link with a cover; never two kinds in one.
import { Button, Form, Input } from 'antd'
import { useId, useRef, useState } from 'react'
import { ApiError, apiPath, call } from '../../api/client'
import type { MomentPart } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { wordsAt, type Fault } from '../../kit/atField'
import { useFail } from '../../kit/fail'
import { Icon } from '../../kit/Icon'
import { w } from './words'
import './moment.css'

type Change = (change: (was: MomentPart[]) => MomentPart[]) => void
const maxImages = 9
const blankLink: MomentPart = { kind: 'link', hash: '', title: '', url: '' }

const base64 = (file: File) => new Promise<string>((done, failed) => {
  const r = new FileReader()
  r.onload = () => done(String(r.result).replace(/^[^,]*,/, ''))
  r.onerror = () => failed(r.error ?? new Error(file.name))
  r.readAsDataURL(file)
})

/** Keeps files on the server, one after the other; what it refuses is a notice. */
function useKeep() {
  const fail = useFail()
  const [busy, setBusy] = useState(false)
  const keep = async (files: FileList | null, got: (part: MomentPart) => void) => {
    setBusy(true)
    try {
      for (const file of [...(files ?? [])]) got(await call<MomentPart>('POST', '/moment-media', { body: { name: file.name, content: await base64(file) } }))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      fail(error)
    } finally { setBusy(false) }
  }
  return [keep, busy] as const
}

/** What adds to them; stands at the foot of the text's box. */
export function PartTools({ parts, change }: { parts: MomentPart[]; change: Change }) {
  const t = useWords(w)
  const input = useRef<HTMLInputElement>(null)
  const [keep, busy] = useKeep()
  const kind = parts[0]?.kind
  const files = kind === undefined || (kind === 'image' && parts.length < maxImages)
  return (
    <>
      <input ref={input} type="file" accept={kind === 'image' ? 'image/jpeg,image/png' : 'image/jpeg,image/png,video/mp4'} multiple hidden aria-label={t('files')} onChange={(e) => { const box = e.currentTarget; void keep(box.files, (part) => change((was) => [...was, part])).finally(() => { box.value = '' }) }} />
      <button type="button" className="linky" disabled={!files || busy} onClick={() => input.current?.click()}><span className="row" style={{ gap: 6 }}><Icon name="image" size={14} />{busy ? t('adding') : t('addFile')}</span></button>
      <button type="button" className="linky" disabled={kind !== undefined} onClick={() => change(() => [blankLink])}><span className="row" style={{ gap: 6 }}><Icon name="link" size={14} />{t('addLink')}</span></button>
    </>
  )
}

/** The ones that are there. */
export function PartList({ parts, change, faults }: { parts: MomentPart[]; change: Change; faults: Fault[] }) {
  const t = useWords(w)
  const remove = (i: number) => change((was) => was.filter((_, j) => j !== i))
  const at = faults.filter((x) => x.location.startsWith('body.parts'))
  const link = parts[0]?.kind === 'link' ? parts[0] : undefined
  if (link) return <LinkForm link={link} onChange={(next) => change(() => [next])} onRemove={() => remove(0)} faults={at} />
  return (
    <>
      {at.map((x) => <p key={x.location} className="bad s12" role="alert">{wordsAt(x)}</p>)}
      {parts.length > 0 && <div className="parts">{parts.map((x, i) => (
        <figure key={`${x.hash}${i}`}>
          {x.kind === 'image' ? <img src={apiPath(`/moment-media/${x.hash}`)} alt={x.name ?? t('picture')} /> : <div className="ph">{t('film')}</div>}
          <figcaption><span className="cut" title={x.name}>{x.name}</span><button type="button" className="linky" aria-label={t('removeOne', { name: x.name ?? t('picture') })} onClick={() => remove(i)}>{t('remove')}</button></figcaption>
        </figure>
      ))}</div>}
      <p className="mute s12" style={{ marginTop: 6 }}>{t('fileHint')}</p>
    </>
  )
}

function LinkForm({ link, onChange, onRemove, faults }: { link: MomentPart; onChange: (next: MomentPart) => void; onRemove: () => void; faults: Fault[] }) {
  const t = useWords(w)
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [keep, busy] = useKeep()
  const wrong = (key: string) => { const x = faults.find((f) => f.location.endsWith(`.${key}`)); return x ? { validateStatus: 'error' as const, help: wordsAt(x) } : {} }
  const field = (key: 'title' | 'url', label: string) => <Form.Item label={label} htmlFor={id + key} layout="vertical" required={key === 'url'} style={{ marginBottom: 8 }} {...wrong(key)}><Input id={id + key} value={link[key] ?? ''} onChange={(e) => onChange({ ...link, [key]: e.target.value })} /></Form.Item>
  return (
    <fieldset className="attachment">
      <legend className="row"><Icon name="link" size={14} /><b>{t('link')}</b><Button size="small" type="text" className="push" onClick={onRemove}>{t('remove')}</Button></legend>
      <div className="pair">{field('title', t('linkTitle'))}{field('url', t('linkUrl'))}</div>
      <Form.Item label={t('cover')} layout="vertical" required style={{ marginBottom: 8 }} {...wrong('hash')}>
        <input ref={input} type="file" accept="image/jpeg,image/png" hidden aria-label={t('cover')} onChange={(e) => { const box = e.currentTarget; void keep(box.files, (part) => onChange({ ...link, hash: part.hash, type: part.type, name: part.name, width: part.width, height: part.height })).finally(() => { box.value = '' }) }} />
        <span className="row">{link.hash && <img src={apiPath(`/moment-media/${link.hash}`)} alt={t('cover')} width={40} height={40} style={{ objectFit: 'cover', borderRadius: 4 }} />}<Button size="small" loading={busy} onClick={() => input.current?.click()}>{t(link.hash ? 'coverOther' : 'coverAdd')}</Button></span>
      </Form.Item>
    </fieldset>
  )
}
