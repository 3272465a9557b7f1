// The library: what messages carry beside their words. Uploaded once, chosen wherever a message is planned.
import { Button, Drawer, Form, Input, Segmented } from 'antd'
import { useRef, useState } from 'react'
import { ApiError, call } from '../../api/client'
import { useAct, useInvalidate } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Material, MaterialCard, MaterialKind } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { wordsAt, type Fault } from '../../kit/atField'
import { useFail, useSaid } from '../../kit/fail'
import { accepts, base64, useUpload } from '../../kit/file'
import { Icon } from '../../kit/Icon'
import { List, type Column } from '../../kit/List'
import { contentOf, sized, Thumb } from '../../kit/Materials'
import { Page } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { useUrl } from '../../kit/useurl'
import { w } from './words'

const kinds: MaterialKind[] = ['image', 'video', 'file', 'link', 'miniprogram']

export function Materials() {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const ask = useReach()
  const said = useSaid()
  const actor = useActor()
  const may = useCan()('material.write')
  const input = useRef<HTMLInputElement>(null)
  const [upload, busy] = useUpload()
  const [total, setTotal] = useState<number>()
  const remove = useAct<unknown, Material>({ method: 'DELETE', path: (m) => `/materials/${encodeURIComponent(m.id)}`, touches: ['/materials'], done: () => said(t('removed')) })
  const open = url.one('open')
  const actions = may && <>
    <input ref={input} type="file" multiple hidden aria-label={t('upload')} onChange={(e) => { const box = e.currentTarget; void upload([...(box.files ?? [])], undefined, (m) => said(t('kept', { name: m.name }))).finally(() => { box.value = '' }) }} />
    <Button onClick={() => url.set({ open: 'new' })}>{t('newCard')}</Button>
    <Button type="primary" icon={<Icon name="plus" />} loading={busy} onClick={() => input.current?.click()}>{t('upload')}</Button>
  </>
  const columns: Column<Material>[] = [
    { key: 'name', title: t('name'), render: (m) => <span className="row"><Thumb material={m} /><span className="cut" style={{ maxWidth: 380 }}>{m.kind === 'link' ? m.name : <a href={contentOf(m.id)} target="_blank" rel="noreferrer">{m.name}</a>}{m.card && <div className="mute s12 cut">{m.card.title}{m.card.url && ` · ${m.card.url}`}</div>}</span></span> },
    { key: 'kind', title: t('kind'), render: (m) => t(m.kind) },
    { key: 'size', title: t('size'), num: true, render: (m) => (m.size ? sized(m.size) : '—') },
    { key: 'pixels', title: t('pixels'), num: true, render: (m) => (m.width ? `${m.width}×${m.height}` : '—') },
    { key: 'by', title: t('by'), render: (m) => actor(m.created_by.name) },
    { key: 'created', title: t('created'), render: (m) => <span className="nowrap">{f.moment(m.created_at)}</span> },
    { key: 'does', title: '', num: true, render: (m) => may && <button type="button" className="linky" onClick={() => ask({ reach: t('removeReach', { name: m.name }), also: t('removeAlso'), button: t('remove'), act: () => remove.mutateAsync(m) })}>{t('remove')}</button> },
  ]
  return (
    <Page title={t('title')} meta={total === undefined ? t('meta') : t('count', { n: total })} actions={actions}>
      <List<Material>
        id="materials" path="/materials" rowKey={(m) => m.id} columns={columns} search={t('search')} total={(n) => setTotal(n)}
        filters={[{ kind: 'one', key: 'kind', label: t('kind'), options: kinds.map((k) => ({ value: k, label: t(k) })) }]}
        empty={{ title: t('empty'), text: t('emptyText'), action: actions }}
      />
      {open === 'new' && may && <CardDrawer close={() => url.set({ open: undefined })} />}
    </Page>
  )
}

/** Writes a card once: a link, or a mini program with its cover. */
function CardDrawer({ close }: { close: () => void }) {
  const t = useWords(w)
  const said = useSaid()
  const fail = useFail()
  const invalidate = useInvalidate()
  const cover = useRef<HTMLInputElement>(null)
  const [kind, setKind] = useState<'link' | 'miniprogram'>('link')
  const [name, setName] = useState('')
  const [card, setCard] = useState<MaterialCard>({ title: '' })
  const [file, setFile] = useState<File>()
  const [faults, setFaults] = useState<Fault[]>([])
  const [busy, setBusy] = useState(false)
  const keep = async () => {
    setBusy(true)
    setFaults([])
    try {
      const content = kind === 'miniprogram' && file ? await base64(file) : undefined
      await call<Material>('POST', '/materials', { body: { kind, name: name.trim() || card.title, card, ...(content ? { content } : {}) } })
      void invalidate('/materials')
      said(t('kept', { name: name.trim() || card.title }))
      close()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.fields.length > 0) setFaults(error.fields)
      else fail(error)
    } finally { setBusy(false) }
  }
  const wrong = (key: string) => { const x = faults.find((y) => y.location.endsWith(key)); return x ? { validateStatus: 'error' as const, help: wordsAt(x) } : {} }
  const field = (key: keyof MaterialCard, required = false) => <Form.Item label={t(`card_${key}`)} htmlFor={`card-${key}`} required={required} layout="vertical" {...wrong(`card.${key}`)}><Input id={`card-${key}`} value={card[key] ?? ''} onChange={(e) => setCard({ ...card, [key]: e.target.value })} /></Form.Item>
  return (
    <Drawer open title={t('newCard')} onClose={close} size={440} footer={<div className="row" style={{ justifyContent: 'flex-end' }}><Button onClick={close}>{t('cancel')}</Button><Button type="primary" loading={busy} onClick={() => void keep()}>{t('keep')}</Button></div>}>
      <Segmented<typeof kind> value={kind} onChange={setKind} options={[{ value: 'link', label: t('link') }, { value: 'miniprogram', label: t('miniprogram') }]} style={{ marginBottom: 16 }} />
      <Form.Item label={t('name')} htmlFor="card-name" layout="vertical" extra={t('cardNameHint')} {...wrong('.name')}><Input id="card-name" value={name} onChange={(e) => setName(e.target.value)} /></Form.Item>
      {field('title', true)}
      {kind === 'link' ? <>{field('url', true)}{field('desc')}{field('pic_url')}</> : <>
        {field('appid', true)}
        {field('page', true)}
        <Form.Item label={t('cover')} required layout="vertical" extra={t('coverHint')} {...wrong('content')}>
          <input ref={cover} type="file" hidden accept={accepts.miniprogram} aria-label={t('cover')} onChange={(e) => setFile(e.target.files?.[0])} />
          <span className="row"><Button onClick={() => cover.current?.click()}>{t('choose')}</Button><span className="cut">{file?.name}</span></span>
        </Form.Item>
      </>}
    </Drawer>
  )
}
