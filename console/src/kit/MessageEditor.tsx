// The text a customer will read, with WeCom's own byte count, what the check found under its words, and attachments.
import { Button, Dropdown, Form, Input } from 'antd'
import { useId, useMemo, useRef, useState, type ReactNode } from 'react'
import type { Attachment, AttachmentKind, Check, Finding, Material, MaterialKind } from '../api/types'
import { bytes } from '../i18n/format'
import { useFormat, useWords } from '../i18n/i18n'
import { wordsAt, type Fault } from './atField'
import { refuses, spans } from './findings'
import { Icon } from './Icon'
import { insertAt } from './pageMark'
import { RuleId } from './marks'
import { contentOf, MaterialPicker, sized, Thumb } from './Materials'
import { w } from './words'
import './message.css'

export interface MessageEditorProps {
  text: string; onText: (text: string) => void; attachments?: Attachment[]; onAttachments?: (a: Attachment[]) => void
  check?: Check; limit: number; maxAttachments?: number; id?: string; faults?: Fault[]
  /** Files and cards are chosen from the library. */
  library?: boolean
  /** In place of the menu of attachments, for what carries other ones than a message. */
  tools?: ReactNode
  /** Words that stand for something of each customer's own; a press puts one where the cursor is. */
  marks?: { mark: string; label: string }[]
}

const keep = () => undefined

export function MessageEditor({ text, onText, attachments = [], onAttachments = keep, check, limit, maxAttachments = 0, id, faults = [], tools, marks = [], library = false }: MessageEditorProps) {
  const t = useWords(w)
  const f = useFormat()
  const area = useRef<HTMLTextAreaElement>(null)
  const put = (mark: string) => onText(insertAt(text, mark, area.current?.selectionStart ?? text.length))
  const size = bytes(text)
  const over = size - limit
  const findings = useMemo(() => check?.findings ?? [], [check])
  const parts = useMemo(() => spans(text, findings.filter((x) => x.field === 'text' || x.field === '')), [text, findings])
  const kinds: [AttachmentKind, string][] = library ? [['image', t('attachImage')], ['video', t('attachVideo')], ['file', t('attachFile')], ['link', t('attachLink')], ['miniprogram', t('attachMini')]] : [['link', t('attachLink')], ['image', t('attachImage')], ['miniprogram', t('attachMini')]]
  // Which attachment is being chosen from the library; -1 = a new one.
  const [picking, setPicking] = useState<{ kind: MaterialKind; at: number }>()
  const add = (kind: AttachmentKind) => { if (library && kind !== 'link' && kind !== 'miniprogram') setPicking({ kind, at: -1 }); else onAttachments([...attachments, blank(kind)]) }
  const picked = (m: Material) => {
    if (!picking) return
    const at = picking.at
    onAttachments(at < 0 ? [...attachments, taken(m)] : attachments.map((old, i) => (i === at ? (old.type === 'miniprogram' && m.kind === 'image' ? { ...old, miniprogram: { ...(old.miniprogram ?? blankMini), pic_material_id: m.id } } : taken(m)) : old)))
    setPicking(undefined)
  }
  return (
    <div className="message">
      <div className={`box ${over > 0 ? 'over' : ''}`}>
        <div className="back" aria-hidden="true">{parts.map((p, i) => <span key={i} className={p.severity ? (refuses(p.severity) ? 'refused' : 'advice') : ''}>{p.text}</span>)}{'\n'}</div>
        <textarea id={id} ref={area} value={text} onChange={(e) => onText(e.target.value)} placeholder={t('textHint')} aria-label={t('textHint')} spellCheck={false} />
      </div>
      <div className="tools">
        {tools ?? <Dropdown trigger={['click']} disabled={attachments.length >= maxAttachments} menu={{ items: kinds.map(([key, label]) => ({ key, label, onClick: () => add(key) })) }}>
          <button type="button" className="linky"><span className="row" style={{ gap: 6 }}><Icon name="link" size={14} />{t('attach')}</span></button>
        </Dropdown>}
        {marks.map((m) => <button key={m.mark} type="button" className="linky" onClick={() => put(m.mark)}>{m.label}</button>)}
        <span className={`push ${over > 0 ? 'bad b' : size > limit * 0.9 ? 'warn b' : 'mute'}`} aria-live="polite">{over > 0 ? t('over', { n: over }) : t('textBytes', { n: size, limit: f.exact(limit) })}</span>
      </div>
      {faults.filter((x) => ['body.text', 'body.attachments'].includes(x.location)).map((x) => <p key={x.location} className="bad s12" role="alert">{wordsAt(x)}</p>)}
      {findings.map((x, i) => <FindingNote key={i} finding={x} />)}
      {attachments.map((a, i) => (
        <AttachmentForm key={i} label={t('attachCount', { n: i + 1, limit: maxAttachments })} attachment={a} faults={faults.filter((x) => x.location.startsWith(`body.attachments[${i}].`))} onChange={(next) => onAttachments(attachments.map((old, j) => (j === i ? next : old)))} onRemove={() => onAttachments(attachments.filter((_, j) => j !== i))} pick={library ? (kind) => setPicking({ kind, at: i }) : undefined} />
      ))}
      {picking && <MaterialPicker kind={picking.kind} onPick={picked} onClose={() => setPicking(undefined)} />}
    </div>
  )
}

function FindingNote({ finding: x }: { finding: Finding }) {
  const f = useFormat()
  return (
    <div className={`note ${refuses(x.severity) ? 'bad' : x.severity === 'review' ? 'held' : ''}`} role="status">
      <Icon name={refuses(x.severity) ? 'cross' : x.severity === 'review' ? 'held' : 'note'} size={14} />
      <div>{x.text && <b>{f.lang === 'zh' ? `「${x.text}」` : `"${x.text}"`} </b>}{x.reason} {x.way_out && <span className="second">{x.way_out}</span>} <RuleId id={x.rule_id} /></div>
    </div>
  )
}

const blankMini: NonNullable<Attachment['miniprogram']> = { title: '', appid: '', page: '' }
const blank = (kind: AttachmentKind): Attachment => (kind === 'link' ? { type: 'link', link: { title: '', url: '' } } : kind === 'image' ? { type: 'image', image: { pic_url: '' } } : { type: 'miniprogram', miniprogram: blankMini })

/** A material as an attachment. A card is copied; a file is named. */
const taken = (m: Material): Attachment => {
  const file = { material_id: m.id, name: m.name, size: m.size }
  if (m.kind === 'image') return { type: 'image', image: { material_id: m.id, name: m.name } }
  if (m.kind === 'video') return { type: 'video', video: file }
  if (m.kind === 'file') return { type: 'file', file }
  const c = m.card ?? { title: '' }
  if (m.kind === 'link') return { type: 'link', link: { title: c.title, url: c.url ?? '', ...(c.desc ? { desc: c.desc } : {}), ...(c.pic_url ? { pic_url: c.pic_url } : {}) } }
  return { type: 'miniprogram', miniprogram: { title: c.title, appid: c.appid ?? '', page: c.page ?? '', pic_material_id: m.id } }
}

const kindWords = { link: 'attachLink', image: 'attachImage', miniprogram: 'attachMini', video: 'attachVideo', file: 'attachFile' } as const

const wrong = (x?: Fault) => (x ? { validateStatus: 'error' as const, help: wordsAt(x) } : {})

function AttachmentForm({ attachment: a, label, faults, onChange, onRemove, pick }: { attachment: Attachment; label: string; faults: Fault[]; onChange: (a: Attachment) => void; onRemove: () => void; pick?: (kind: MaterialKind) => void }) {
  const t = useWords(w)
  const id = useId()
  const field = (name: string, key: string, value: string | undefined, set: (v: string) => void, required = false) => <Form.Item label={name} htmlFor={id + key} required={required} layout="vertical" style={{ marginBottom: 8 }} {...wrong(faults.find((x) => x.location.endsWith(`.${key}`)))}><Input id={id + key} value={value ?? ''} onChange={(e) => set(e.target.value)} /></Form.Item>
  const link = a.link ?? { title: '', url: '' }
  const mini = a.miniprogram ?? blankMini
  const file = a.type === 'image' ? a.image?.material_id && { material_id: a.image.material_id, name: a.image.name } : (a.video ?? a.file)
  return (
    <fieldset className="attachment">
      <legend className="row"><Icon name={a.type === 'image' || a.type === 'video' ? 'image' : a.type === 'file' ? 'note' : 'link'} size={14} /><b>{t(kindWords[a.type])}</b><span className="mute s12">{label}</span>{pick && (a.type === 'link' || a.type === 'miniprogram') && <button type="button" className="linky s12" onClick={() => pick(a.type)}>{t('fromLibrary')}</button>}<Button size="small" type="text" className="push" onClick={onRemove}>{t('remove')}</Button></legend>
      {a.type === 'link' && <div className="pair">
        {field(t('linkTitle'), 'link.title', link.title, (title) => onChange({ ...a, link: { ...link, title } }), true)}
        {field(t('linkUrl'), 'link.url', link.url, (url) => onChange({ ...a, link: { ...link, url } }), true)}
        {field(t('linkDesc'), 'link.desc', link.desc, (desc) => onChange({ ...a, link: { ...link, desc } }))}
        {field(t('linkPic'), 'link.pic_url', link.pic_url, (pic_url) => onChange({ ...a, link: { ...link, pic_url } }))}
      </div>}
      {file && <div className="chosen-file"><Thumb material={{ id: file.material_id, kind: a.type, name: file.name ?? '' }} /><span className="cut"><b>{file.name}</b>{'size' in file && file.size ? <span className="mute s12">{sized(file.size)}</span> : null}{faults.map((x) => <span key={x.location} className="bad s12" role="alert">{wordsAt(x)}</span>)}</span>{pick && <Button size="small" className="push" onClick={() => pick(a.type)}>{t('otherOne')}</Button>}</div>}
      {a.type === 'image' && !file && field(t('picUrl'), 'image.pic_url', a.image?.pic_url, (pic_url) => onChange({ ...a, image: { pic_url } }), true)}
      {a.type === 'miniprogram' && <div className="pair">
        {field(t('linkTitle'), 'miniprogram.title', mini.title, (title) => onChange({ ...a, miniprogram: { ...mini, title } }), true)}
        {field(t('miniAppid'), 'miniprogram.appid', mini.appid, (appid) => onChange({ ...a, miniprogram: { ...mini, appid } }), true)}
        {field(t('miniPage'), 'miniprogram.page', mini.page, (page) => onChange({ ...a, miniprogram: { ...mini, page } }), true)}
        {pick || mini.pic_material_id ? (
          <Form.Item label={t('miniCover')} required layout="vertical" style={{ marginBottom: 8 }} {...wrong(faults.find((x) => x.location.includes('miniprogram') && !/(title|appid|page)$/.test(x.location)))}>
            <span className="row">{mini.pic_material_id && <img src={contentOf(mini.pic_material_id)} alt={t('miniCover')} width={40} height={32} style={{ objectFit: 'cover', borderRadius: 4 }} />}<Button size="small" onClick={() => pick?.('image')}>{t(mini.pic_material_id ? 'otherOne' : 'pick_image')}</Button></span>
          </Form.Item>
        ) : field(t('miniPic'), 'miniprogram.pic_media_id', mini.pic_media_id, (pic_media_id) => onChange({ ...a, miniprogram: { ...mini, pic_media_id } }), true)}
      </div>}
    </fieldset>
  )
}
