// Per account: who answers and where, the bot's first line, the link customers use.
import { Button, Drawer, Input, Radio } from 'antd'
import { useState } from 'react'
import { useAct } from '../../api/queries'
import type { KfAccount, KfAccountDraft } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { Icon } from '../../kit/Icon'
import { useCopy } from '../../kit/useCopy'
import { w } from './words'

const names = ['greeting', 'unmatched', 'handoff', 'parting'] as const

export function Accounts({ accounts, close }: { accounts: KfAccount[]; close: () => void }) {
  const t = useWords(w)
  return <Drawer open onClose={close} size={480} title={t('setAccounts')}><div className="stack">{accounts.map((a) => <Account key={a.id} account={a} />)}</div></Drawer>
}

function Account({ account: a }: { account: KfAccount }) {
  const t = useWords(w)
  const f = useFormat()
  const said = useSaid()
  const copy = useCopy()
  const [desk, setDesk] = useState(a.desk)
  const [lines, setLines] = useState({ greeting: a.greeting, unmatched: a.unmatched, handoff: a.handoff, parting: a.parting })
  const path = `/kf/accounts/${encodeURIComponent(a.id)}`
  const save = useAct({ method: 'PATCH', path, body: (): KfAccountDraft => ({ desk, ...lines }), touches: ['/kf'], done: () => said(t('saved')) })
  const link = useAct<{ url: string }>({ method: 'POST', path: `${path}/link`, touches: ['/kf/accounts'], got: (r) => copy(r.url) })
  const url = link.data?.url ?? a.link
  return (
    <section className="panel" style={{ padding: '14px 16px 16px' }}>
      <h3 style={{ fontSize: 14, marginBottom: 8 }}>{a.name}</h3>
      <div className="stack" style={{ gap: 12 }}>
        <Radio.Group vertical value={desk} onChange={(e) => setDesk(e.target.value as KfAccount['desk'])} aria-label={t('desk')} options={[
          { value: 'console', label: <>{t('deskConsole')}<div className="mute s12">{t('deskConsoleText')}</div></> },
          { value: 'wecom', label: <>{t('deskWecom')}<div className="mute s12">{t('deskWecomText')}</div></> },
        ]} />
        <p className="s13"><span className="mute">{t('servicers')}　</span>{a.servicers.length > 0 ? f.list(a.servicers.map((x) => x.name)) : '—'}</p>
        {names.map((name) => (
          <label key={name}><span className="second s13">{t(name)}</span><Input.TextArea autoSize={{ minRows: 1 }} disabled={!a.managed} value={lines[name]} onChange={(e) => setLines({ ...lines, [name]: e.target.value })} placeholder={name === 'greeting' ? t('greetingHint') : t('emptyIsSilent')} /></label>
        ))}
        {!a.managed && <p className="note plain"><Icon name="lock" size={14} />{t('notManaged')}</p>}
        {url && <p className="rule" style={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }}>{url}</p>}
        <div className="row"><Button type="primary" disabled={!a.managed || (desk === a.desk && names.every((n) => lines[n] === a[n]))} loading={save.isPending} onClick={() => save.mutate()}>{t('save')}</Button><Button className="push" loading={link.isPending} onClick={() => link.mutate()}>{t('makeLink')}</Button></div>
      </div>
    </section>
  )
}
