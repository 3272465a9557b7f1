// Corp, search, whether customers may be contacted now, language, person.
import { Dropdown, Form, Input, Modal, type MenuProps } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useAct } from '../api/queries'
import { useMe } from '../api/session'
import { useFormat, useLang, useWords } from '../i18n/i18n'
import { useSaid } from '../kit/fail'
import { Icon } from '../kit/Icon'
import { Avatar } from '../kit/marks'
import { w as kit } from '../kit/words'
import { useNow } from '../kit/useNow'
import { useLook, type LookChoice } from '../look/look'
import { Finder } from './Finder'
import { w } from './words'

export function TopBar() {
  const t = useWords(w)
  const me = useMe()
  const { lang, setLang } = useLang()
  const [finding, setFinding] = useState(false)
  useEffect(() => {
    const open = (e: KeyboardEvent) => { if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') { e.preventDefault(); setFinding(true) } }
    addEventListener('keydown', open)
    return () => removeEventListener('keydown', open)
  }, [])
  return (
    <header className="top">
      <span className="corp">{me.corp.name}</span>
      {me.corp.sandbox && <span className="tag" title={t('sandboxHint')}>{t('sandbox')}</span>}
      <button type="button" className="find" onClick={() => setFinding(true)}><Icon name="search" size={14} /><span>{t('find')}</span><kbd>Ctrl K</kbd></button>
      <span className="push" />
      <Window />
      <button type="button" className="linky mute" lang={lang === 'zh' ? 'en' : 'zh-CN'} onClick={() => setLang(lang === 'zh' ? 'en' : 'zh')}>{t('switchLang')}</button>
      <Person />
      {finding && <Finder close={() => setFinding(false)} />}
    </header>
  )
}

function Window() {
  const t = useWords(w)
  const f = useFormat()
  const { window: hours } = useMe()
  const now = useNow(30_000)
  if (!hours) return null
  const closes = Date.parse(hours.closes_at ?? '')
  const hour = (at?: string) => f.clock(at).replace(/^0/, '')
  const open = hours.open && (Number.isNaN(closes) || closes > now)
  return (
    <span className={`window ${open ? '' : 'shut'}`} title={t('windowHint')}>
      <Icon name={open ? 'clock' : 'held'} size={14} />
      <span>{open ? t('windowOpen', { to: hour(hours.closes_at), left: f.duration(Math.max(60, Math.floor((closes - now) / 60_000) * 60)) }) : t('windowShut', { at: f.when(hours.opens_at) })}</span>
    </span>
  )
}

function Person() {
  const t = useWords(w)
  const k = useWords(kit)
  const me = useMe()
  const client = useQueryClient()
  const { choice, choose } = useLook()
  const [password, setPassword] = useState(false)
  const leave = useAct({ method: 'DELETE', path: '/session', done: () => { client.clear(); client.setQueryData(['/session'], null) } })
  const looks: [LookChoice, string][] = [['system', t('lookSystem')], ['light', t('lookLight')], ['dark', t('lookDark')]]
  const items: MenuProps['items'] = [
    { key: 'who', type: 'group', label: `${me.name} · ${k(`role_${me.role}`)} · ${k(`scope_${me.scope}`)}` },
    { key: 'look', type: 'group', label: t('look'), children: looks.map(([key, label]) => ({ key, label, icon: choice === key ? <Icon name="check" size={14} /> : <span style={{ width: 14, display: 'inline-block' }} />, onClick: () => choose(key) })) },
    { type: 'divider' },
    { key: 'password', label: t('password'), onClick: () => setPassword(true) },
    { key: 'out', label: t('signOut'), onClick: () => leave.mutate() },
    { type: 'divider' },
    { key: 'version', type: 'group', label: t('version', { v: me.version }) },
  ]
  return (
    <>
      <Dropdown menu={{ items }} trigger={['click']} placement="bottomRight"><button type="button" className="me" aria-label={t('person')}><Avatar name={me.name} grey={false} /></button></Dropdown>
      {password && <Password close={() => setPassword(false)} />}
    </>
  )
}

function Password({ close }: { close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<{ old: string; new: string }>()
  const act = useAct<unknown, { old: string; new: string }>({ method: 'POST', path: '/me/password', body: (v) => v, done: () => { said(t('passwordDone')); close() } })
  return (
    <Modal open title={t('password')} onCancel={close} okText={t('password')} cancelText={k('cancel')} confirmLoading={act.isPending} onOk={() => form.submit()} width={400}>
      <Form form={form} layout="vertical" onFinish={(v) => act.mutate(v)}>
        <Form.Item name="old" label={t('oldPassword')} rules={[{ required: true }]}><Input.Password autoComplete="current-password" /></Form.Item>
        <Form.Item name="new" label={t('newPassword')} extra={t('newPasswordHint')} rules={[{ required: true, min: 12 }]}><Input.Password autoComplete="new-password" /></Form.Item>
      </Form>
    </Modal>
  )
}
