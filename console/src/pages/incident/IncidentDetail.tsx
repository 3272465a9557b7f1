// One leak: what is known, whom it concerns, what was done, and what to say.
import { Button, DatePicker, Form, Input, Modal, Radio } from 'antd'
import type { Dayjs } from 'dayjs'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { apiPath } from '../../api/client'
import { useAct, useGet, useList } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Incident, IncidentDetail as Detail, IncidentPerson } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { State } from '../../kit/marks'
import { Facts, Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useCopy } from '../../kit/useCopy'
import { w as kit } from '../../kit/words'
import { IncidentForm } from './IncidentForm'
import { w } from './words'

export function IncidentDetail() {
  const { id } = useParams({ strict: false }) as { id: string }
  const t = useWords(w)
  const found = useGet<Detail>(`/incidents/${encodeURIComponent(id)}`)
  return <Ready query={found} head>{(i) => <One of={i} />}</Ready>
  function One({ of: i }: { of: Detail }) {
    return (
      <Page title={i.title} crumbs={[{ text: t('title'), to: '/incidents' }]} tags={<State tone={i.state === 'complete' ? 'ok' : 'bad'}>{t(i.state)}</State>}>
        <div className="stack" style={{ gap: 16 }}><Known of={i} /><Steps of={i} /><Affected of={i} /><Texts of={i} /></div>
      </Page>
    )
  }
}

function Known({ of: i }: { of: Detail }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const may = useCan()('incident.write')
  const [changing, setChanging] = useState(false)
  return (
    <Panel title={t('facts')} sub={i.changed_at && t('changed', { who: actor(i.changed_by?.name || i.changed_by?.id), at: f.moment(i.changed_at) })} actions={may && <Button size="small" onClick={() => setChanging(true)}>{t('change')}</Button>}>
      <Facts rows={[
        [t('kind'), <>{t(i.kind)} {i.ref && <code>{i.ref}</code>}</>],
        [t('since'), i.until ? t('span', { from: f.moment(i.since), to: f.moment(i.until) }) : t('spanOpen', { from: f.moment(i.since) })],
        [t('foundAt'), f.moment(i.found_at)], [t('dataKinds'), i.data_kinds], [t('cause'), i.cause], [t('harm'), i.harm], [t('remedies'), i.remedies || '—'], [t('advice'), i.advice], [t('contact'), i.contact],
      ]} />
      {changing && <IncidentForm of={i} close={() => setChanging(false)} />}
    </Panel>
  )
}

function Steps({ of: i }: { of: Incident }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const may = useCan()('incident.write')
  const [adding, setAdding] = useState(false)
  return (
    <Panel title={t('steps')} actions={may && <Button size="small" type={i.state === 'open' ? 'primary' : 'default'} onClick={() => setAdding(true)}>{t('addStep')}</Button>}>
      <p className="s12 mute">{t('stepsText')}</p>
      {i.steps.length === 0 ? <p className="s13" style={{ marginTop: 10 }}>{t('noSteps')}</p> : (
        <table className="plain-table" style={{ marginTop: 8 }}><tbody>
          {i.steps.map((s, n) => (
            <tr key={n}>
              <td className="nowrap b">{t(`s_${s.kind}`)}</td>
              <td>{s.note}<div className="mute s12">{actor(s.by.name || s.by.id)} · {f.moment(s.at)} · {t('stepAffected', { n: s.affected })}</div></td>
              <td className="right nowrap">{f.moment(s.done_at)}</td>
            </tr>
          ))}
        </tbody></table>
      )}
      {adding && <AddStep id={i.id} close={() => setAdding(false)} />}
    </Panel>
  )
}

interface StepFields { kind: Incident['steps'][number]['kind']; note: string; done_at?: Dayjs | null }

function AddStep({ id, close }: { id: string; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<StepFields>()
  const save = useAct<unknown, StepFields>({
    method: 'POST', path: `/incidents/${encodeURIComponent(id)}/steps`, touches: ['/incidents', '/home'], failed: useAtForm(form), done: () => { said(t('saved')); close() },
    body: (v) => ({ kind: v.kind, note: v.note, ...(v.done_at ? { done_at: v.done_at.toISOString() } : {}) }),
  })
  return (
    <Modal open title={t('addStep')} onCancel={close} okText={t('record')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={520}>
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ kind: 'remedied' }} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="kind" label={t('step')}><Radio.Group style={{ display: 'grid', gap: 6 }} options={(['remedied', 'authority', 'persons', 'untold', 'note'] as const).map((x) => ({ value: x, label: t(`s_${x}`) }))} /></Form.Item>
        <Form.Item name="note" label={t('stepNote')} rules={[{ required: true, whitespace: true, message: t('needed') }]}><Input.TextArea rows={3} maxLength={1000} /></Form.Item>
        <Form.Item name="done_at" label={t('doneAt')}><DatePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" style={{ width: '100%' }} /></Form.Item>
      </Form>
    </Modal>
  )
}

function Affected({ of: i }: { of: Detail }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const path = `/incidents/${encodeURIComponent(i.id)}/affected`
  const found = useList<IncidentPerson>(path, {}, '', 20)
  return (
    <Panel title={t('affected', { n: i.affected })} sub={i.bases.map((b) => `${t(`b_${b.basis}`)} ${f.count(b.count)}`).join(' · ')} actions={<Button size="small" href={apiPath(`${path}.csv`)}>{t('download')}</Button>}>
      {i.unrecorded && <p className="held s13">{t('unrecorded', { at: i.recorded_since ? f.moment(i.recorded_since) : t('noRecord') })}</p>}
      <p className="s12 mute">{t('affectedText')} {(i.kind === 'account' || i.kind === 'token' || i.kind === 'device') && t('hourBefore')} {t('command')}<code>zhiyin incident affected --id {i.id}</code></p>
      <Ready query={found} rows={4}>{(d) => {
        const rows = d.pages.flatMap((p) => p.items)
        return rows.length > 0 && <>
          <table className="plain-table" style={{ marginTop: 8 }}><thead><tr><th>{t('person')}</th><th>{t('basis')}</th><th>{t('seen')}</th><th>{t('tells')}</th></tr></thead><tbody>
            {rows.map((p) => (
              <tr key={p.customer.id}>
                <td><A to={`/customers/${encodeURIComponent(p.customer.id)}`}>{p.customer.name || p.customer.id}</A></td>
                <td>{t(`b_${p.basis}`)}</td>
                <td className="nowrap">{p.first ? (p.last && p.last !== p.first ? t('span', { from: f.moment(p.first), to: f.moment(p.last) }) : f.moment(p.first)) : '—'}</td>
                <td>{p.members.length > 0 ? p.members.map((m) => m.name || m.id).join(f.lang === 'zh' ? '、' : ', ') : <span className="held">{t('nobody')}</span>}</td>
              </tr>
            ))}
          </tbody></table>
          {found.hasNextPage && <Button size="small" style={{ marginTop: 10 }} loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{k('more')}</Button>}
        </>
      }}</Ready>
    </Panel>
  )
}

function Texts({ of: i }: { of: Detail }) {
  const t = useWords(w)
  const copy = useCopy()
  return (
    <Panel title={t('texts')}>
      <p className="s12 mute">{t('textsText')}</p>
      {(['authority', 'persons'] as const).map((x) => (
        <section key={x} style={{ marginTop: 16 }}>
          <div className="row" style={{ gap: 8 }}><h3 className="s13 second">{t(x)}</h3><Button size="small" className="push" onClick={() => copy(i[x])}>{t('copy')}</Button></div>
          <blockquote style={{ whiteSpace: 'pre-wrap', margin: '8px 0 0' }}>{i[x]}</blockquote>
        </section>
      ))}
    </Panel>
  )
}
