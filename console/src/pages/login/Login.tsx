// Sign in: by password, or as a member through WeCom when the app is set up.
import { useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { useAct, useGet } from '../../api/queries'
import { useLang, useWords } from '../../i18n/i18n'
import { useTitle } from '../../kit/Page'
import { w as frame } from '../../frame/words'
import { w } from './words'
import './login.css'

export function Login() {
  const t = useWords(w)
  const f = useWords(frame)
  const { lang, setLang } = useLang()
  const client = useQueryClient()
  useTitle(t('title'))
  const wecom = useGet<{ oauth_url: string; qr_url: string }>('/session/wecom')
  const enter = useAct<unknown, { user: string; password: string }>({
    method: 'POST', path: '/session', body: (v) => v, failed: () => {}, done: () => { void client.resetQueries() },
  })
  const wrong = enter.error && (enter.error.status === 0 ? t('lost') : enter.error.message || t('wrong'))
  return (
    <div className="login">
      <header><button type="button" className="linky mute" onClick={() => setLang(lang === 'zh' ? 'en' : 'zh')}>{f('switchLang')}</button></header>
      <main>
        <div className="brand"><h1>知音</h1><span>Zhiyin</span></div>
        <p className="motto">{t('motto')}</p>
        <section className="panel">
          <Form layout="vertical" requiredMark={false} onFinish={(v: { user: string; password: string }) => enter.mutate(v)}>
            <Form.Item name="user" label={t('user')} rules={[{ required: true, message: t('needUser') }]}><Input size="large" autoFocus autoComplete="username" /></Form.Item>
            <Form.Item name="password" label={t('password')} rules={[{ required: true, message: t('needPassword') }]}><Input.Password size="large" autoComplete="current-password" /></Form.Item>
            {wrong && <p className="wrong" role="alert">{wrong}</p>}
            <Button type="primary" size="large" htmlType="submit" block loading={enter.isPending}>{t('enter')}</Button>
          </Form>
          {wecom.data && (
            <div className="ways"><span>{t('or')}</span><div className="row"><Button block href={wecom.data.oauth_url}>{t('wecom')}</Button>{wecom.data.qr_url && <Button block href={wecom.data.qr_url}>{t('wecomQr')}</Button>}</div></div>
          )}
        </section>
        <Strings />
      </main>
    </div>
  )
}

/** Three strings with their marks: used, left, full. The mark the whole console speaks with. */
function Strings() {
  return <div className="strings" aria-hidden="true"><span className="string"><i className="on" /><i /><i /></span><span className="string"><i className="on" /><i className="on" /><i /></span><span className="string full"><i className="on" /><i className="on" /><i className="on" /></span></div>
}
