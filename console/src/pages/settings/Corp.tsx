// The corp, its app, its secrets (set, never shown), and the callback address.
import { Button, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Settings } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { State } from '../../kit/marks'
import { Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useCopy } from '../../kit/useCopy'
import { w as kit } from '../../kit/words'
import { w } from './words'
import './settings.css'

const secretNames = ['app', 'contact', 'kf', 'address', 'callback_token', 'callback_aes'] as const

export function Corp() {
  const t = useWords(w)
  const settings = useGet<Settings>('/settings')
  return <Page title={t('corp')}><Ready query={settings} rows={8}>{(s) => <Edit key={`${s.corp_id}${s.base_url}${s.zone}${s.agent_id}`} settings={s} />}</Ready></Page>
}

function Edit({ settings: s }: { settings: Settings }) {
  const t = useWords(w)
  const said = useSaid()
  const copy = useCopy()
  const may = useCan()('settings.write')
  const [secret, setSecret] = useState<string>()
  const save = useAct<Settings, Partial<Settings>>({ method: 'PATCH', path: '/settings', body: (v) => v, touches: ['/settings', '/session'], done: () => said(t('saved')) })
  return (
    <div className="cols">
      <div className="stack">
        <Panel title={t('corpFacts')} sub={s.unofficial ? t('unofficial') : undefined}>
          <Form layout="vertical" requiredMark={false} disabled={!may} initialValues={s} onFinish={(v: Partial<Settings>) => save.mutate(v)}>
            <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', columnGap: 16 }}>
              <Form.Item name="corp_id" label={t('corpId')}><Input /></Form.Item>
              <Form.Item name="agent_id" label={t('agentId')}><Input /></Form.Item>
              <Form.Item name="base_url" label={t('baseUrl')} extra={t('baseUrlNote')}><Input /></Form.Item>
              <Form.Item name="zone" label={t('zone')} extra={t('zoneNote')}><Input /></Form.Item>
            </div>
            {may && <Button type="primary" htmlType="submit" loading={save.isPending}>{t('save')}</Button>}
          </Form>
        </Panel>
        <Panel title={t('secrets')} sub={t('secretsNote')}>
          <ul className="secret-list">
            {Object.entries(s.secrets).map(([name, x]) => {
              const known = secretNames.find((n) => n === name)
              return (
                <li key={name}>
                  <span>{known ? t(`secret_${known}`) : name}</span>
                  <span>{x.set ? <State tone="ok">{x.source === 'env' ? t('fromEnv') : t('isSet')}</State> : <State tone="warn">{t('notSet')}</State>}</span>
                  <span className="right">{may && x.source !== 'env' && <Button size="small" onClick={() => setSecret(name)}>{x.set ? t('change') : t('set')}</Button>}</span>
                </li>
              )
            })}
          </ul>
        </Panel>
      </div>
      <Panel title={t('callback')}>
        <p className="rule" style={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }}>{s.callback.url}</p>
        <div className="row" style={{ margin: '10px 0' }}><Button size="small" onClick={() => copy(s.callback.url)}>{t('copy')}</Button><State tone={s.callback.token_set ? 'ok' : 'warn'}>Token {s.callback.token_set ? t('isSet') : t('notSet')}</State><State tone={s.callback.aes_set ? 'ok' : 'warn'}>AESKey {s.callback.aes_set ? t('isSet') : t('notSet')}</State></div>
        <p className="s12 mute">{t('callbackNote')}</p>
      </Panel>
      {secret && <Secret name={secret} close={() => setSecret(undefined)} />}
    </div>
  )
}

function Secret({ name, close }: { name: string; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [value, setValue] = useState('')
  const known = secretNames.find((n) => n === name)
  const save = useAct({ method: 'PATCH', path: '/settings', body: () => ({ secrets: { [name]: value } }), touches: ['/settings', '/doctor'], done: () => { said(t('saved')); close() } })
  return (
    <Modal open title={known ? t(`secret_${known}`) : name} onCancel={close} okText={t('save')} cancelText={k('cancel')} okButtonProps={{ disabled: value.trim() === '' }} confirmLoading={save.isPending} onOk={() => save.mutate()} width={440}>
      <Input.Password autoFocus autoComplete="off" value={value} onChange={(e) => setValue(e.target.value)} aria-label={name} />
      <p className="s12 mute" style={{ marginTop: 8 }}>{t('secretsNote')}</p>
    </Modal>
  )
}
