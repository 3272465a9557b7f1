// One customer: what happened, what may still be sent, who knows them, what they consented to.
import { useParams } from '@tanstack/react-router'
import { Button, Input, Modal, Radio, Tabs } from 'antd'
import { useState } from 'react'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { CustomerAct, CustomerDetail as Detail } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useSaid } from '../../kit/fail'
import { Avatar, BudgetTable, RuleId, State } from '../../kit/marks'
import { Facts, Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useCopy } from '../../kit/useCopy'
import { useUrl } from '../../kit/useurl'
import { w as kit } from '../../kit/words'
import { TouchTable } from '../governance/TouchTable'
import { AgeMark } from './AgeMark'
import { w as ageWords } from './ageWords'
import { Consents } from './Consents'
import { Grievances } from './Grievances'
import { w as privacy } from '../privacy/words'
import { w as grievances } from './grievanceWords'
import { PersonalData } from './PersonalData'
import { Timeline } from './Timeline'
import { w } from './words'
import { Zone } from './Zone'
import { w as zoneWords } from './zoneWords'
import './customer.css'

const acts = ['replied', 'bought', 'visited'] as const

export function CustomerDetail() {
  const { id = '' } = useParams({ strict: false })
  const t = useWords(w)
  const customer = useGet<Detail>(`/customers/${encodeURIComponent(id)}`)
  // Who was erased while the page was open is shown no longer, though the last answer is still at hand.
  const gone = customer.error?.status === 404
  if (customer.data && !gone) return <Shown customer={customer.data} />
  return <Page title={t('title')} crumbs={[{ text: t('title'), to: '/customers' }]}><section className="panel"><Ready query={gone ? { error: customer.error, refetch: customer.refetch } : customer} head>{() => null}</Ready></section></Page>
}

function Shown({ customer: c }: { customer: Detail }) {
  const t = useWords(w)
  const g = useWords(grievances)
  const z = useWords(zoneWords)
  const a = useWords(ageWords)
  const p = useWords(privacy)
  const f = useFormat()
  const url = useUrl()
  const tab = url.one('tab') || 'timeline'
  return (
    <Page
      title={c.name} crumbs={[{ text: t('title'), to: '/customers' }]} className="customer"
      tags={<span className="tags"><State tone={c.state === 'live' ? 'ok' : 'harm'}>{t(c.state)}</State>{c.wishes.erasing && <State tone="warn">{p('erasing')}</State>}{(c.tags ?? []).map((x) => <span key={x.id} className="tag">{x.name}</span>)}</span>}
      meta={`${t(c.type)} · ${c.state === 'lost' && c.lost_at ? t('lostOn', { date: f.date(c.lost_at) }) : t('addedOn', { date: f.date(c.added_at) })}`}
    >
      <div className="cols">
        <section className="panel" style={{ padding: '4px 20px 16px' }}>
          <Tabs
            activeKey={tab} onChange={(key) => url.set({ tab: key === 'timeline' ? undefined : key }, { replace: true })}
            items={[
              { key: 'timeline', label: t('timeline'), children: <Timeline id={c.id} /> },
              { key: 'touches', label: t('touches'), children: <TouchTable query={{ customer: c.id }} /> },
            ]}
          />
        </section>
        <div className="stack">
          <Panel title={t('left')} actions={<A to={`/touches?customer=${encodeURIComponent(c.id)}`}>{t('leftEach')}</A>}>
            <BudgetTable budget={c.budget} />
            <p className="s12 mute" style={{ marginTop: 8 }}>{t('leftNote')}</p>
          </Panel>
          <Consent customer={c} />
          <Panel title={a('title')} sub={<RuleId id="LAW-08" />}><AgeMark id={c.id} /></Panel>
          <Panel title={g('title')} sub={<RuleId id="FTG-15" />}><Grievances id={c.id} /></Panel>
          <Panel title={t('facts')}>
            <Facts rows={[
              [t('source'), c.source.channel ? <A to={`/contactways?open=${encodeURIComponent(c.source.channel.id)}`}>{c.source.channel.name}</A> : c.source.label],
              ...(c.type === 'wecom' ? [[t('corp'), c.corp_name] as [string, string]] : []),
              [z('label'), <Zone key="zone" id={c.id} />],
              ['ID', <span key="id" className="rule">{c.id}</span>],
            ]} />
          </Panel>
          <Panel title={t('people')}>
            <ul className="people">
              {c.relations.map((r) => (
                <li key={r.staff.id}><Avatar name={r.staff.name} /><div style={{ minWidth: 0 }}><p>{r.staff.name} <span className="mute s12">{r.live ? t('addedOn', { date: f.date(r.added_at) }) : `${f.date(r.lost_at)} ${t(r.lost_by === 'staff' ? 'by_staff' : 'by_customer')}`}</span></p>{(r.remark || r.description) && <p className="mute s12">{[r.remark, r.description].filter(Boolean).join(' · ')}</p>}</div></li>
              ))}
            </ul>
          </Panel>
          <Panel title={t('inGroups')}>
            {c.in_groups.length === 0 ? <p className="mute s13">{t('noGroups')}</p> : <ul className="people">{c.in_groups.map((g) => <li key={g.id}><A to={`/groupchats/${encodeURIComponent(g.id)}`}>{g.name}</A><span className="push mute s12">{t('joined', { date: f.date(g.joined_at) })}</span></li>)}</ul>}
          </Panel>
          <PersonalData customer={c} />
        </div>
      </div>
    </Page>
  )
}

/** Stopping never asks: one click, at once. Resuming needs the customer's own words. */
function Consent({ customer: c }: { customer: Detail }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const can = useCan()
  const said = useSaid()
  const copy = useCopy()
  const [resuming, setResuming] = useState(false)
  const [evident, setEvident] = useState(false)
  const [evidence, setEvidence] = useState('')
  const [reacting, setReacting] = useState(false)
  const [act, setAct] = useState<CustomerAct>('replied')
  const react = useAct({ method: 'POST', path: `/customers/${encodeURIComponent(c.id)}/acts`, body: () => ({ act }), touches: ['/customers'], done: () => { said(t('reactedDone')); setReacting(false) } })
  const path = `/customers/${encodeURIComponent(c.id)}/optout`
  const touches = ['/customers', '/optouts']
  const stop = useAct({ method: 'POST', path, body: () => ({}), touches, done: () => said(t('stopped')) })
  const resume = useAct({ method: 'DELETE', path: () => `${path}?evidence=${encodeURIComponent(evidence)}`, touches, done: () => setResuming(false) })
  const out = c.optout.state === 'all'
  return (
    <Panel title={t('consentTitle')}>
      <div className="row" style={{ flexWrap: 'wrap' }}>
        <span className={out ? 'harm' : ''}>{out ? t('consentOut', { date: f.date(c.optout.since) }) : t(c.optout.no_guardian ? 'guardianMissing' : c.optout.no_consent ? 'consentMissing' : c.optout.service_only ? 'serviceOnly' : 'consentIn')}</span>
        <span className="push row" style={{ gap: 6 }}>{(out || c.optout.no_consent || c.optout.service_only) && can('governance.write') && <Button size="small" onClick={() => setResuming(true)}>{t('resume')}</Button>}{!out && can('customer.write') && <Button size="small" onClick={() => stop.mutate()} loading={stop.isPending}>{t('stop')}</Button>}</span>
      </div>
      {!out && (c.optout.pace || c.optout.paused_until || c.optout.consent_at || c.optout.no_traits || c.optout.held_out || c.optout.grievance || c.optout.silence) && <ul className="s13 second" style={{ marginTop: 8 }}>
        {c.optout.paused_until && <li>{t('pausedUntil', { date: f.date(c.optout.paused_until) })}</li>}
        {c.optout.pace && <li>{t(c.optout.pace === 'weekly' ? 'paceWeekly' : 'paceMonthly')}</li>}
        {c.optout.consent_at && <li>{t('consentAt', { date: f.date(c.optout.consent_at) })} <button type="button" className="linky" onClick={() => setEvident(true)}>{t('evidence')}</button></li>}
        {c.optout.no_traits && <li>{t('noTraits')}</li>}
        {c.optout.silence && <li>{t(c.optout.silence === 'dormant' ? 'silenceDormant' : 'silenceCooling', { date: f.date(c.optout.silent_since) })}{can('customer.write') && <> <button type="button" className="linky" onClick={() => setReacting(true)}>{t('reacted')}</button></>}</li>}
        {c.optout.grievance && <li>{t(c.optout.grievance_until ? 'grievanceRests' : 'grievanceOpen', { date: f.moment(c.optout.grievance_until) })}</li>}
        {c.optout.held_out && <li>{t('heldOut')}</li>}
      </ul>}
      <p className="s12 mute" style={{ marginTop: 8 }}>{t('ownPage')} <button type="button" className="linky" onClick={() => copy(c.preferences_url)}>{k('copy')}</button></p>
      {evident && <Consents id={c.id} close={() => setEvident(false)} />}
      <Modal open={reacting} title={t('reactedTitle')} onCancel={() => setReacting(false)} okText={t('reactedSave')} cancelText={k('cancel')} confirmLoading={react.isPending} onOk={() => react.mutate()}>
        <p className="s13 second" style={{ marginBottom: 12 }}>{t('reactedText')}</p>
        <Radio.Group aria-label={t('reactedTitle')} value={act} onChange={(e) => setAct(e.target.value as CustomerAct)} options={acts.map((x) => ({ value: x, label: t(`act_${x}`) }))} />
      </Modal>
      <Modal open={resuming} title={t('resume')} onCancel={() => setResuming(false)} okText={t(out ? 'resumeButton' : 'resume')} cancelText={k('cancel')} okButtonProps={{ disabled: evidence.trim().length < 4 }} confirmLoading={resume.isPending} onOk={() => resume.mutate()}>
        <p style={{ marginBottom: 8 }}>{t(out ? 'resumeText' : c.optout.service_only ? 'serviceOnlyText' : 'consentText')}</p>
        <Input.TextArea rows={3} value={evidence} onChange={(e) => setEvidence(e.target.value)} placeholder={t('resumeHint')} aria-label={t('resume')} />
      </Modal>
    </Panel>
  )
}
