// The corp, its app, its secrets (set, never shown), and the callback address.
import { Button, Form, Input, InputNumber, Modal } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Settings, SettingsChange } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { Icon } from '../../kit/Icon'
import { State } from '../../kit/marks'
import { Facts, Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useCopy } from '../../kit/useCopy'
import { w as kit } from '../../kit/words'
import { w } from './words'
import './settings.css'

const areas = ['app', 'contact', 'external', 'kf', 'archive'] as const
/** What can be replaced one at a time; each is stored and never shown again. */
interface Hidden { title: string; body: (value: string) => SettingsChange }

export function Corp() {
  const t = useWords(w)
  const settings = useGet<Settings>('/settings')
  return <Page title={t('corp')}><Ready query={settings} rows={8}>{(s) => <Edit key={`${s.corp_id} ${s.agent_id}`} settings={s} />}</Ready></Page>
}

function Edit({ settings: s }: { settings: Settings }) {
  const t = useWords(w)
  const said = useSaid()
  const copy = useCopy()
  const may = useCan()('settings.write')
  const [hidden, setHidden] = useState<Hidden>()
  const save = useAct<Settings, SettingsChange>({ method: 'PATCH', path: '/settings', body: (v) => v, touches: ['/settings', '/session'], done: () => said(t('saved')) })
  const secret = (name: string): Hidden => ({ title: secretName(name), body: (value) => ({ secrets: { [name]: value } }) })
  const secretName = (name: string) => { const known = areas.find((a) => a === name); return known ? t(`secret_${known}`) : name }
  const source = (from: Settings['secrets'][string]['source']) => (from === 'env' ? t('fromEnv') : from === 'file' ? t('fromFile') : t('isSet'))
  const fixed = (name: string) => s.fixed.includes(`ZHIYIN_WECOM_${name}`)
  const callback: [string, boolean, boolean, Hidden][] = [
    [t('callbackToken'), s.callback.token_set, fixed('CALLBACK_TOKEN'), { title: t('callbackToken'), body: (token) => ({ callback: { token } }) }],
    [t('callbackKey'), s.callback.aes_set, fixed('CALLBACK_AES_KEY'), { title: t('callbackKey'), body: (aes_key) => ({ callback: { aes_key } }) }],
  ]
  return (
    <div className="cols">
      <div className="stack">
        {s.restart && <p className="note"><Icon name="warn" size={14} />{t('restart')}</p>}
        <Panel title={t('corpFacts')} sub={s.unofficial ? t('unofficial') : undefined}>
          <Form layout="vertical" requiredMark={false} disabled={!may} initialValues={{ corp_id: s.corp_id, agent_id: s.agent_id }} onFinish={(v: SettingsChange) => save.mutate(v)}>
            <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', columnGap: 16 }}>
              <Form.Item name="corp_id" label={t('corpId')}><Input disabled={!may || fixed('CORP_ID')} /></Form.Item>
              <Form.Item name="agent_id" label={t('agentId')}><InputNumber disabled={!may || fixed('AGENT_ID')} min={0} controls={false} style={{ width: '100%' }} /></Form.Item>
            </div>
            {may && !(fixed('CORP_ID') && fixed('AGENT_ID')) && <Button type="primary" htmlType="submit" loading={save.isPending}>{t('save')}</Button>}
          </Form>
        </Panel>
        <Panel title={t('secrets')} sub={t('secretsNote')}>
          <ul className="secret-list">
            {Object.entries(s.secrets).map(([name, x]) => (
              <li key={name}>
                <span>{secretName(name)}</span>
                <span>{x.set ? <State tone="ok">{source(x.source)}</State> : <State tone="warn">{t('notSet')}</State>}</span>
                <span className="right">{may && x.source !== 'env' && x.source !== 'file' && <Button size="small" onClick={() => setHidden(secret(name))}>{x.set ? t('change') : t('set')}</Button>}</span>
              </li>
            ))}
          </ul>
        </Panel>
      </div>
      <div className="stack">
        <Panel title={t('callback')}>
          <p className="rule" style={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }}>{s.callback.url}</p>
          <Button size="small" style={{ margin: '8px 0' }} onClick={() => copy(s.callback.url)}>{t('copy')}</Button>
          <ul className="secret-list">{callback.map(([name, set, here, edit]) => <li key={name}><span>{name}</span><State tone={set ? 'ok' : 'warn'}>{here ? t('fromEnv') : set ? t('isSet') : t('notSet')}</State><span className="right">{may && !here && <Button size="small" onClick={() => setHidden(edit)}>{set ? t('change') : t('set')}</Button>}</span></li>)}</ul>
          <p className="s12 mute" style={{ marginTop: 8 }}>{t('callbackNote')}</p>
        </Panel>
        <Panel title={t('start')} sub={t('fixedHere')}>
          <Facts rows={[[t('baseUrl'), s.base_url || '—'], [t('zone'), s.zone], ...(s.fixed.length > 0 ? [[t('fixed'), <span key="f" className="rule" style={{ whiteSpace: 'normal' }}>{s.fixed.join(' ')}</span>] as [string, React.ReactNode]] : [])]} />
          <p className="s12 mute" style={{ marginTop: 8 }}>{t('zoneNote')}</p>
        </Panel>
      </div>
      {hidden && <Replace hidden={hidden} close={() => setHidden(undefined)} />}
    </div>
  )
}

function Replace({ hidden, close }: { hidden: Hidden; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [value, setValue] = useState('')
  const save = useAct({ method: 'PATCH', path: '/settings', body: () => hidden.body(value.trim()), touches: ['/settings', '/doctor'], done: () => { said(t('saved')); close() } })
  return (
    <Modal open title={hidden.title} onCancel={close} okText={t('save')} cancelText={k('cancel')} okButtonProps={{ disabled: value.trim() === '' }} confirmLoading={save.isPending} onOk={() => save.mutate()} width={440}>
      <Input.Password autoFocus autoComplete="off" value={value} onChange={(e) => setValue(e.target.value)} aria-label={hidden.title} />
      <p className="s12 mute" style={{ marginTop: 8 }}>{t('secretsNote')}</p>
    </Modal>
  )
}
