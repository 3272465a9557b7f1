// Ctrl K: customers, groups and pages by name.
import { Input, Modal } from 'antd'
import { useDeferredValue, useState } from 'react'
import { useGet } from '../api/queries'
import { useCan, useMe } from '../api/session'
import type { Customer, Groupchat, Page } from '../api/types'
import { useWords } from '../i18n/i18n'
import { useGo } from '../kit/A'
import { Icon, type IconName } from '../kit/Icon'
import { nav, visible } from './nav'
import { w } from './words'

interface Hit { key: string; kind: string; icon: IconName; text: string; more?: string; to: string }

export function Finder({ close }: { close: () => void }) {
  const t = useWords(w)
  const go = useGo()
  const can = useCan()
  const me = useMe()
  const [text, setText] = useState('')
  const q = useDeferredValue(text.trim())
  const [at, setAt] = useState(0)
  const customers = useGet<Page<Customer>>(q && can('customer.read') ? '/customers' : null, { q, limit: 6 }, { keep: true })
  const groups = useGet<Page<Groupchat>>(q && can('groupchat.read') ? '/groupchats' : null, { q, limit: 4 }, { keep: true })
  const pages: Hit[] = nav.flatMap((g) => visible(g.items, can, me.scope).map((i) => ({ key: i.key, kind: t('findPages'), icon: g.icon, text: t(i.key), to: i.to })))
  const low = q.toLowerCase()
  const hits: Hit[] = [
    ...(q ? (customers.data?.items ?? []).map((c): Hit => ({ key: c.id, kind: t('customersGroup'), icon: 'person', text: c.name, more: c.staff.map((s) => s.name).join(' '), to: `/customers/${encodeURIComponent(c.id)}` })) : []),
    ...(q ? (groups.data?.items ?? []).map((g): Hit => ({ key: g.id, kind: t('groupsGroup'), icon: 'people', text: g.name, to: `/groupchats/${encodeURIComponent(g.id)}` })) : []),
    ...pages.filter((p) => !q || p.text.toLowerCase().includes(low)),
  ]
  const open = (hit: Hit | undefined) => { if (hit) { close(); go(hit.to) } }
  return (
    <Modal open onCancel={close} footer={null} closable={false} width={520} className="finder" style={{ top: 80 }} styles={{ container: { padding: 0 } }} title={null} aria-label={t('find')}>
      <Input
        autoFocus variant="borderless" size="large" style={{ padding: '12px 16px' }} placeholder={t('findMore')} aria-label={t('find')} value={text} prefix={<span className="mute"><Icon name="search" /></span>}
        onChange={(e) => { setText(e.target.value); setAt(0) }}
        onKeyDown={(e) => {
          if (e.key === 'ArrowDown') { e.preventDefault(); setAt(Math.min(at + 1, hits.length - 1)) }
          else if (e.key === 'ArrowUp') { e.preventDefault(); setAt(Math.max(at - 1, 0)) }
          else if (e.key === 'Enter' && !e.nativeEvent.isComposing) open(hits[at])
        }}
      />
      <div className="hits" style={{ borderTop: '1px solid var(--line2)' }}>
        {hits.length === 0 && <h3>{t('findNone', { q })}</h3>}
        {hits.map((h, i) => (
          <div key={`${h.kind}${h.key}`}>
            {h.kind !== hits[i - 1]?.kind && <h3>{h.kind}</h3>}
            <button type="button" className={`hit ${i === at ? 'at' : ''}`} onMouseMove={() => setAt(i)} onClick={() => open(h)}><span className="mute"><Icon name={h.icon} /></span>{h.text}{h.more && <span className="mute s12">{h.more}</span>}</button>
          </div>
        ))}
      </div>
    </Modal>
  )
}
