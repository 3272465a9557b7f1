// The library as a picker: what is there of one kind, and a way to add to it.
import { Button, Input, Modal } from 'antd'
import { useRef, useState } from 'react'
import { apiPath } from '../api/client'
import { useList } from '../api/queries'
import { useCan } from '../api/session'
import type { Material, MaterialKind } from '../api/types'
import { useFormat, useWords } from '../i18n/i18n'
import { accepts, useUpload } from './file'
import { Icon } from './Icon'
import { Empty, Failed, Skeleton } from './states'
import { w } from './words'
import './material.css'

export const contentOf = (id: string) => apiPath(`/materials/${encodeURIComponent(id)}/content`)

/** A file's size in words. */
export const sized = (bytes = 0) => (bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`)

export function Thumb({ material: m, size = 40 }: { material: Pick<Material, 'id' | 'kind' | 'name'>; size?: number }) {
  const box = { width: size, height: size }
  if (m.kind === 'image' || m.kind === 'miniprogram') return <img className="thumb" style={box} src={contentOf(m.id)} alt="" loading="lazy" />
  return <span className="thumb" style={box} aria-hidden="true">{m.kind === 'link' ? <Icon name="link" /> : m.kind === 'video' ? <Icon name="next" /> : <b>{(m.name.split('.').pop() ?? '').slice(0, 4)}</b>}</span>
}

export function MaterialPicker({ kind, onPick, onClose }: { kind: MaterialKind; onPick: (m: Material) => void; onClose: () => void }) {
  const t = useWords(w)
  const f = useFormat()
  const may = useCan()('material.write')
  const [q, setQ] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const [upload, busy] = useUpload()
  const found = useList<Material>('/materials', { kind: [kind], q })
  const rows = found.data?.pages.flatMap((p) => p.items)
  const files = kind === 'image' || kind === 'video' || kind === 'file'
  return (
    <Modal open title={t(`pick_${kind}`)} onCancel={onClose} footer={null} width={560} destroyOnHidden>
      <div className="row" style={{ marginBottom: 12 }}>
        <Input value={q} onChange={(e) => setQ(e.target.value)} placeholder={t('materialName')} aria-label={t('materialName')} allowClear />
        {files && may && <>
          <input ref={input} type="file" hidden accept={accepts[kind]} aria-label={t(`upload_${kind}`)} onChange={(e) => { const box = e.currentTarget; void upload([...(box.files ?? [])], kind, onPick).finally(() => { box.value = '' }) }} />
          <Button type="primary" loading={busy} onClick={() => input.current?.click()}>{t(`upload_${kind}`)}</Button>
        </>}
      </div>
      {files && <p className="mute s12" style={{ marginBottom: 8 }}>{t(`limit_${kind}`)}</p>}
      {found.error && !rows ? <Failed error={found.error} retry={() => void found.refetch()} /> : !rows ? <Skeleton rows={4} /> : rows.length === 0 ? <Empty title={q ? t('noMaterialNamed', { q }) : t('noMaterial')} text={files ? t('noMaterialText') : t('noCardText')} /> : (
        <ul className="materials" aria-label={t(`pick_${kind}`)}>
          {rows.map((m) => <li key={m.id}><button type="button" onClick={() => onPick(m)}><Thumb material={m} /><span className="cut"><b>{m.name}</b><span className="mute s12">{[m.card?.title, m.size ? sized(m.size) : '', f.date(m.created_at)].filter(Boolean).join(' · ')}</span></span></button></li>)}
        </ul>
      )}
      {found.hasNextPage && <Button block type="text" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('moreMaterials')}</Button>}
    </Modal>
  )
}
