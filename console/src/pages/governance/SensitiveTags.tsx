// Tags whose names tell sensitive data, and the separate consent by which each may choose audiences.
import { Button, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Page, SensitiveTag } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { RuleId, State } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './sensitiveWords'

const path = '/sensitive-tags'
const consentPath = (id: string) => `/tags/${encodeURIComponent(id)}/consent`

export function SensitiveTags() {
  const t = useWords(w)
  const me = useMe()
  const may = useCan()('tag.consent') && me.scope === 'all'
  const found = useGet<Page<SensitiveTag>>(path)
  return (
    <Panel title={t('title')}>
      <p className="s12 mute"><RuleId id="LAW-07" /> {t('text')}{!may && ` ${t('ownersOnly')}`}</p>
      <Ready query={found} rows={2}>{(d) => (d.items.length === 0 ? <p className="s13" style={{ marginTop: 10 }}>{t('none')}</p> : <Rows rows={d.items} may={may} />)}</Ready>
    </Panel>
  )
}

function Rows({ rows, may }: { rows: SensitiveTag[]; may: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const ask = useReach()
  const actor = useActor()
  const [asked, setAsked] = useState<SensitiveTag>()
  const withdraw = useAct<unknown, string>({ method: 'DELETE', path: consentPath, touches: [path, '/tag-groups'] })
  return (
    <div style={{ overflowX: 'auto', marginTop: 8 }}>
      <table className="plain-table"><thead><tr><th>{t('tag')}</th><th>{t('tells')}</th><th>{t('need')}</th><th>{t('consent')}</th><th /></tr></thead><tbody>
        {rows.map((x) => (
          <tr key={x.id}>
            <td>{x.name}<div className="mute s12">{x.group}</div></td>
            <td className="nowrap">{x.title}<div className="mute s12">{t('by', { words: x.words })}</div></td>
            <td>{x.need ? <>{x.need.reason}<div className="mute s12">{actor(x.need.by)} · {f.moment(x.need.at)}</div></> : <span className="mute">{t('foreign')}</span>}</td>
            <td>{x.consent ? <>{x.consent.reason}<div className="mute s12">{actor(x.consent.by)} · {f.moment(x.consent.at)}</div></> : <State tone="warn">{t('noConsent')}</State>}</td>
            <td className="right nowrap">{may && <span className="row" style={{ gap: 6, justifyContent: 'flex-end' }}>
              <Button size="small" onClick={() => setAsked(x)}>{t(x.consent ? 'change' : 'record')}</Button>
              {x.consent && <Button size="small" onClick={() => ask({ reach: t('withdrawReach', { name: x.name }), also: t('withdrawAlso'), button: t('withdraw'), danger: true, act: () => withdraw.mutateAsync(x.id) })}>{t('withdraw')}</Button>}
            </span>}</td>
          </tr>
        ))}
      </tbody></table>
      {asked && <Consent of={asked} close={() => setAsked(undefined)} />}
    </div>
  )
}

function Consent({ of: x, close }: { of: SensitiveTag; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<{ reason: string }>()
  const save = useAct<unknown, { reason: string }>({ method: 'PUT', path: consentPath(x.id), touches: [path, '/tag-groups'], failed: useAtForm(form), done: () => { said(t('saved')); close() }, body: (v) => v })
  return (
    <Modal open title={t('recordTitle', { name: x.name })} onCancel={close} okText={t('save')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={520}>
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ reason: x.consent?.reason ?? '' }} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="reason" label={t('recordText')} rules={[{ required: true, whitespace: true, message: t('needed') }]}><Input.TextArea rows={3} maxLength={300} placeholder={t('recordHint')} /></Form.Item>
      </Form>
    </Modal>
  )
}
