// Who wants nothing more; recording one acts at once, undoing one is the customer's alone.
import { Button, Modal, Select } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Customer, Optout, Page as Rows } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useSaid } from '../../kit/fail'
import { List, type Column } from '../../kit/List'
import { Page } from '../../kit/Page'
import { w as kit } from '../../kit/words'
import { w } from './words'

export function Optouts() {
  const t = useWords(w)
  const f = useFormat()
  const may = useCan()('governance.write')
  const [adding, setAdding] = useState(false)
  const columns: Column<Optout>[] = [
    { key: 'customer', title: t('customer'), render: (x) => <A to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name}</A> },
    { key: 'since', title: t('since'), render: (x) => <span className="nowrap">{f.moment(x.since)}</span> },
    { key: 'via', title: t('via'), render: (x) => (x.via === 'page' || x.via === 'keyword' || x.via === 'staff' || x.via === 'import' || x.via === 'erasure' ? t(`via_${x.via}`) : x.via) },
    { key: 'by', title: t('by'), render: (x) => x.by },
  ]
  return (
    <Page title={t('optouts')} meta={t('optoutsMeta')} actions={may && <Button onClick={() => setAdding(true)}>{t('addOptout')}</Button>}>
      <List<Optout> id="optouts" path="/optouts" rowKey={(x) => x.customer.id} columns={columns} search={t('search')} opens={(x) => `/customers/${encodeURIComponent(x.customer.id)}`} empty={{ title: t('noOptouts'), text: t('noOptoutsText') }} />
      {adding && <Record close={() => setAdding(false)} />}
    </Page>
  )
}

function Record({ close }: { close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [q, setQ] = useState('')
  const [customer, setCustomer] = useState<string>()
  const found = useGet<Rows<Customer>>(q ? '/customers' : null, { q, limit: 10 }, { keep: true })
  const act = useAct({ method: 'POST', path: '/optouts', body: () => ({ customer_id: customer, via: 'staff' }), touches: ['/optouts', '/customers'], done: () => { said(t('recorded')); close() } })
  return (
    <Modal open title={t('addOptout')} onCancel={close} okText={t('record')} cancelText={k('cancel')} okButtonProps={{ disabled: !customer }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <div className="stack" style={{ gap: 12 }}>
        <p className="s13 second">{t('addOptoutText')}</p>
        <label><span className="second s13">{t('customer')}</span><Select style={{ width: '100%' }} showSearch={{ filterOption: false, onSearch: setQ }} value={customer} onChange={setCustomer} options={(found.data?.items ?? []).map((c) => ({ value: c.id, label: `${c.name} · ${c.staff.map((s) => s.name).join(' ')}` }))} placeholder={t('search')} /></label>
      </div>
    </Modal>
  )
}
