// Channel codes: the list, and the drawer that makes or changes one.
import { Button } from 'antd'
import { useCan } from '../../api/session'
import type { Contactway } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { List, type Column } from '../../kit/List'
import { State, TagList } from '../../kit/marks'
import { Page } from '../../kit/Page'
import { useUrl } from '../../kit/useurl'
import { ContactwayDrawer } from './ContactwayDrawer'
import { Room } from './Room'
import { w } from './words'

export function Contactways() {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const can = useCan()
  const may = can('contactway.write')
  const open = url.one('open')
  const create = may && <Button type="primary" icon={<Icon name="plus" />} onClick={() => url.set({ open: 'new' })}>{t('create')}</Button>
  const columns: Column<Contactway>[] = [
    { key: 'name', title: t('name'), render: (c) => <span className="row"><img src={c.qr_code} alt="" width={32} height={32} loading="lazy" style={{ borderRadius: 4 }} /><span><button type="button" className="linky" style={{ minHeight: 0 }} onClick={() => url.set({ open: c.id })}>{c.name}</button>{c.remark && c.remark !== c.name && <div className="mute s12">{c.remark}</div>}</span></span> },
    { key: 'staff', title: t('staff'), render: (c) => <><TagList tags={c.staff} max={3} /><Room way={c} /></> },
    { key: 'tags', title: t('tags'), render: (c) => <TagList tags={c.tags} max={2} /> },
    { key: 'skip', title: t('skipCol'), render: (c) => <span className="nowrap">{c.skip_verify ? t('skipYes') : t('skipNo')}</span> },
    { key: 'purpose', title: t('purposeCol'), render: (c) => <span className="nowrap">{t(c.purpose === 'service' ? 'serviceShort' : 'bothShort')}{c.purpose_since && <div className="mute s12">{t('purposeSince', { date: f.date(c.purpose_since) })}</div>}</span> },
    { key: 'customers', title: t('customers'), num: true, render: (c) => <A to={`/customers?channel=${encodeURIComponent(c.state)}`}>{f.count(c.customers)}</A> },
    { key: 'created', title: t('created'), render: (c) => <span className="nowrap">{f.date(c.created_at)}</span> },
    { key: 'state', title: t('state'), render: (c) => <State tone={c.enabled ? 'ok' : 'plain'}>{c.enabled ? t('on') : t('off')}</State> },
  ]
  return (
    <Page title={t('title')} meta={t('meta')} actions={create}>
      <List<Contactway> id="contactways" path="/contactways" rowKey={(c) => c.id} columns={columns} search={t('search')} open={(c) => url.set({ open: c.id })} empty={{ title: t('empty'), text: t('emptyText'), action: create }} />
      {open && (may || open !== 'new') && <ContactwayDrawer id={open} close={() => url.set({ open: undefined })} />}
    </Page>
  )
}
