// Accounts that were used in two places at the same time, until an owner said what it was. Nothing is stopped by itself.
import { Button, Input, Modal, Radio } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { SharedLogin, SharedLogins as SharedLoginsData } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { useSaid } from '../../kit/fail'
import { RuleId, State, type Tone } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './sharedWords'

const path = '/shared-logins'
const tones: Record<SharedLogin['state'], Tone> = { open: 'warn', one_person: 'plain', shared: 'bad' }

export function SharedLogins() {
  const t = useWords(w)
  const can = useCan()
  const me = useMe()
  const sees = can('account.read') && me.scope === 'all'
  const may = can('account.write') && me.scope === 'all'
  const found = useGet<SharedLoginsData>(sees ? path : null)
  if (!sees || found.data?.items.length === 0) return null // seldom
  return (
    <Panel title={t('title')} sub={<RuleId id="ACC-10" />}>
      <p className="s12 mute">{t('text')}</p>
      <Ready query={found} rows={2}>{(d) => <div className="stack" style={{ gap: 14, marginTop: 10 }}>{d.items.map((x) => <One key={x.id} of={x} may={may} />)}</div>}</Ready>
    </Panel>
  )
}

function One({ of: x, may }: { of: SharedLogin; may: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const [deciding, setDeciding] = useState(false)
  return (
    <article>
      <div className="row" style={{ gap: 8 }}><b>{x.name}</b><State tone={tones[x.state]}>{t(x.state)}</State>{may && x.state === 'open' && <Button size="small" className="push" onClick={() => setDeciding(true)}>{t('decide')}</Button>}</div>
      <ul className="s13" style={{ margin: '4px 0', paddingLeft: 18 }}>{x.uses.map((u, i) => <li key={i} title={u.agent}>{t('use', { browser: u.browser, addr: u.addr, began: f.moment(u.began), seen: f.moment(u.seen) })}</li>)}</ul>
      <p className="s12 mute">{t('seen', { n: x.times, at: f.moment(x.last_at) })}{x.decided_at && ` ${t('decided', { who: actor(x.decided_by), at: f.moment(x.decided_at) })} ${x.note ?? ''}`}</p>
      {deciding && <Decide of={x} close={() => setDeciding(false)} />}
    </article>
  )
}

function Decide({ of: x, close }: { of: SharedLogin; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [one, setOne] = useState<boolean>()
  const [note, setNote] = useState('')
  const act = useAct({ method: 'POST', path: `${path}/${encodeURIComponent(x.id)}/decide`, body: () => ({ one_person: one === true, note }), touches: [path, '/home'], done: () => { said(t('saved')); close() } })
  return (
    <Modal open title={t('decideOf', { name: x.name })} onCancel={close} okText={t('save')} cancelText={k('cancel')} okButtonProps={{ disabled: one === undefined || note.trim().length < 2 }} confirmLoading={act.isPending} onOk={() => act.mutate()}>
      <div className="stack" style={{ gap: 12 }}>
        <Radio.Group value={one} onChange={(e) => setOne(e.target.value as boolean)} options={[{ value: true, label: t('yes') }, { value: false, label: t('no') }]} />
        {one !== undefined && <p className="s13 second">{t(one ? 'yesText' : 'noText')}</p>}
        <Input.TextArea rows={3} maxLength={500} value={note} onChange={(e) => setNote(e.target.value)} placeholder={t('note')} aria-label={t('note')} />
      </div>
    </Modal>
  )
}
