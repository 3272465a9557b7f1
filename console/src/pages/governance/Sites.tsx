// Sites that the corp answers for, and WeChat's penalties against sites. A row is made or withdrawn, never changed.
import { Button, Checkbox, DatePicker, Form, Input, Modal, Radio } from 'antd'
import type { Dayjs } from 'dayjs'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Site, SitePenalty, Sites as SitesData } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { RuleId, State, type Tone } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { Ready } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './recordWords'

const path = '/governance/sites'
const penaltyPath = '/governance/site-penalties'
const tones: Record<SitePenalty['state'], Tone> = { repair: 'bad', runs: 'bad', forever: 'bad', over: 'plain', withdrawn: 'plain' }

export function Sites() {
  const t = useWords(w)
  const me = useMe()
  const can = useCan()
  const may = can('site.write') && me.scope === 'all'
  const notes = can('governance.write') && me.scope === 'all'
  const found = useGet<SitesData>(path)
  const [adding, setAdding] = useState(false)
  const [noting, setNoting] = useState(false)
  const platform = found.data?.platform
  return <>
    <Panel title={t('sites')} actions={may && <Button size="small" disabled={!found.data} onClick={() => setAdding(true)}>{t('addSite')}</Button>}>
      <p className="s12 mute"><RuleId id="LNK-22" /> <RuleId id="LNK-10" /> {t('sitesText')}{platform && ` ${t('platform', { host: platform })}`}{!may && ` ${t('ownersOnly')}`}</p>
      <Ready query={found} rows={3}>{(d) => (d.items.length === 0 ? <p className="s13" style={{ marginTop: 10 }}>{t('noSites')}</p> : <SiteRows rows={d.items} may={may} />)}</Ready>
      {adding && <AddSite close={() => setAdding(false)} />}
    </Panel>
    <Panel title={t('penalties')} actions={notes && <Button size="small" disabled={!found.data} onClick={() => setNoting(true)}>{t('addPenalty')}</Button>}>
      <p className="s12 mute"><RuleId id="LNK-25" /> {t('penaltiesText')}</p>
      <Ready query={found} rows={2}>{(d) => (d.penalties.length === 0 ? <p className="s13" style={{ marginTop: 10 }}>{t('noPenalties')}</p> : <PenaltyRows rows={d.penalties} may={may} />)}</Ready>
      {noting && <NotePenalty close={() => setNoting(false)} />}
    </Panel>
  </>
}

function SiteRows({ rows, may }: { rows: Site[]; may: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const ask = useReach()
  const actor = useActor()
  const withdraw = useAct<unknown, string>({ method: 'DELETE', path: (id) => `${path}/${encodeURIComponent(id)}`, touches: [path] })
  return (
    <div style={{ overflowX: 'auto', marginTop: 8 }}>
      <table className="plain-table"><thead><tr><th>{t('host')}</th><th>{t('siteKind')}</th><th>{t('siteNote')}</th><th>{t('state')}</th><th /></tr></thead><tbody>
        {rows.map((s) => (
          <tr key={s.id} className={s.ended_at ? 'mute' : ''}>
            <td><code>{s.host}</code></td>
            <td>{t(s.kind)}</td>
            <td>{s.note ?? '—'}</td>
            <td><State tone={s.ended_at ? 'plain' : 'ok'}>{t(s.ended_at ? 'withdrawn' : 'onRecord')}</State><div className="mute s12 nowrap">{s.ended_at ? `${actor(s.ended_by)} · ${f.moment(s.ended_at)}` : `${actor(s.by)} · ${f.moment(s.at)}`}</div></td>
            <td className="right">{may && !s.ended_at && <Button size="small" onClick={() => ask({ reach: t('withdrawSiteReach', { host: s.host }), also: t('withdrawSiteAlso'), button: t('withdraw'), danger: true, act: () => withdraw.mutateAsync(s.id) })}>{t('withdraw')}</Button>}</td>
          </tr>
        ))}
      </tbody></table>
    </div>
  )
}

function PenaltyRows({ rows, may }: { rows: SitePenalty[]; may: boolean }) {
  const t = useWords(w)
  const f = useFormat()
  const ask = useReach()
  const actor = useActor()
  const [repaired, setRepaired] = useState<SitePenalty>()
  const takeBack = useAct<unknown, string>({ method: 'DELETE', path: (id) => `${penaltyPath}/${encodeURIComponent(id)}`, touches: [path] })
  const state = (p: SitePenalty) => (p.state === 'runs' ? t('runs', { at: f.moment(p.until ?? p.punished_at) }) : t(p.state === 'withdrawn' ? 'mistaken' : p.state))
  return (
    <div style={{ overflowX: 'auto', marginTop: 8 }}>
      <table className="plain-table"><thead><tr><th>{t('host')}</th><th>{t('rung')}</th><th>{t('punishedAt')}</th><th>{t('evidence')}</th><th>{t('state')}</th><th /></tr></thead><tbody>
        {rows.map((p) => (
          <tr key={p.id} className={p.state === 'withdrawn' ? 'mute' : ''}>
            <td><code>{p.host}</code></td>
            <td className="nowrap">{t('nth', { n: p.rung })}{p.evasion && <div className="mute s12">{t('evasion')}</div>}</td>
            <td className="nowrap">{f.moment(p.punished_at)}</td>
            <td>{p.evidence}<div className="mute s12">{actor(p.by)} · {f.moment(p.at)}</div>{p.repaired_at && <div className="mute s12">{t('restored')}: {p.repair} · {actor(p.repaired_by)} · {f.moment(p.repaired_at)}</div>}</td>
            <td><State tone={tones[p.state]}>{state(p)}</State>{p.ended_at && <div className="mute s12 nowrap">{actor(p.ended_by)} · {f.moment(p.ended_at)}</div>}</td>
            <td className="right nowrap">{may && <span className="row" style={{ gap: 6, justifyContent: 'flex-end' }}>
              {p.state === 'repair' && <Button size="small" onClick={() => setRepaired(p)}>{t('restored')}</Button>}
              {p.state !== 'withdrawn' && <Button size="small" onClick={() => ask({ reach: t('takeBackReach', { host: p.host, n: p.rung }), also: t('takeBackAlso'), button: t('withdraw'), danger: true, act: () => takeBack.mutateAsync(p.id) })}>{t('takeBack')}</Button>}
            </span>}</td>
          </tr>
        ))}
      </tbody></table>
      {repaired && <Repair of={repaired} close={() => setRepaired(undefined)} />}
    </div>
  )
}

interface SiteFields { host: string; kind: Site['kind']; note?: string }

function AddSite({ close }: { close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<SiteFields>()
  const trusted = Form.useWatch('kind', form) === 'trusted'
  const save = useAct<Site, SiteFields>({ method: 'POST', path, touches: [path], failed: useAtForm(form), done: () => { said(t('saved')); close() }, body: (v) => ({ host: v.host, kind: v.kind, note: v.note ?? '' }) })
  const needed = [{ required: true, whitespace: true, message: t('needed') }]
  return (
    <Modal open title={t('addSite')} onCancel={close} okText={t('record')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={520}>
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ kind: 'own' }} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="host" label={t('host')} rules={needed} extra={t('hostText')}><Input maxLength={500} autoComplete="off" /></Form.Item>
        <Form.Item name="kind" label={t('siteKind')}><Radio.Group options={(['own', 'trusted'] as const).map((x) => ({ value: x, label: t(x) }))} /></Form.Item>
        <Form.Item name="note" label={t(trusted ? 'contract' : 'note')} rules={trusted ? needed : []}><Input maxLength={300} /></Form.Item>
      </Form>
    </Modal>
  )
}

interface PenaltyFields { host: string; punished_at: Dayjs; evasion?: boolean; evidence: string }

function NotePenalty({ close }: { close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<PenaltyFields>()
  const save = useAct<SitePenalty, PenaltyFields>({
    method: 'POST', path: penaltyPath, touches: [path], failed: useAtForm(form), done: () => { said(t('saved')); close() },
    body: (v) => ({ host: v.host, punished_at: v.punished_at.toISOString(), evasion: v.evasion ?? false, evidence: v.evidence }),
  })
  const needed = [{ required: true, whitespace: true, message: t('needed') }]
  return (
    <Modal open title={t('addPenalty')} onCancel={close} okText={t('record')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={520}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="host" label={t('host')} rules={needed} extra={t('hostText')}><Input maxLength={500} autoComplete="off" /></Form.Item>
        <Form.Item name="punished_at" label={t('punishedAt')} rules={[{ required: true, message: t('needed') }]}><DatePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" style={{ width: '100%' }} disabledDate={(day) => day.startOf('day').valueOf() > corpNow()} /></Form.Item>
        <Form.Item name="evidence" label={t('evidence')} rules={needed}><Input.TextArea rows={2} maxLength={500} placeholder={t('evidenceHint')} /></Form.Item>
        <Form.Item name="evasion" valuePropName="checked" extra={t('evasionText')}><Checkbox>{t('evasion')}</Checkbox></Form.Item>
      </Form>
    </Modal>
  )
}

function Repair({ of: p, close }: { of: SitePenalty; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const [form] = Form.useForm<{ repair: string }>()
  const save = useAct<unknown, { repair: string }>({ method: 'POST', path: `${penaltyPath}/${encodeURIComponent(p.id)}/repair`, touches: [path], failed: useAtForm(form), done: () => { said(t('saved')); close() }, body: (v) => v })
  return (
    <Modal open title={t('repairTitle', { host: p.host })} onCancel={close} okText={t('restored')} cancelText={k('cancel')} confirmLoading={save.isPending} onOk={() => form.submit()} width={480}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="repair" label={t('repairText')} rules={[{ required: true, whitespace: true, message: t('needed') }]}><Input.TextArea rows={2} maxLength={500} /></Form.Item>
      </Form>
    </Modal>
  )
}
