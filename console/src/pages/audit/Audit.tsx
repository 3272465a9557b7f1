// The audit log: whether it can be trusted first, then who did, decided or read what.
import { Button } from 'antd'
import { useAct, useGet } from '../../api/queries'
import type { Query } from '../../api/client'
import type { AuditEntry, AuditHead } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { List, type Column, type Filter } from '../../kit/List'
import { useStaffOptions } from '../../kit/options'
import { Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useCopy } from '../../kit/useCopy'
import { knownActs, subjectPage, useActs } from './acts'
import { w } from './words'
import './audit.css'

export function Audit() {
  const t = useWords(w)
  const f = useFormat()
  const { act, who } = useActs()
  const staff = useStaffOptions()
  const to = (x: AuditEntry) => `/audit/${encodeURIComponent(x.id)}`
  const filters: Filter[] = [
    { kind: 'one', key: 'act', label: t('act'), options: [{ value: 'touch', label: t('g_touch') }, ...knownActs.map((a) => ({ value: a, label: act(a) }))] },
    { kind: 'one', key: 'who', label: t('who'), options: [{ value: 'admin', label: 'admin' }, { value: 'system', label: t('system') }, { value: 'customer', label: who('customer') }, ...staff] },
    { kind: 'range', key: 'day', label: t('day'), from: 'from', to: 'to' },
    { kind: 'one', key: 'subject', label: t('subject'), options: [], drawer: true },
    { kind: 'one', key: 'kind', label: t('kind'), options: ['customers', 'broadcast', 'broadcasts', 'moments', 'touch', 'kf', 'accounts', 'tokens', 'staff', 'halts', 'caps', 'settings'].map((k) => ({ value: k, label: k })), drawer: true },
  ]
  const columns: Column<AuditEntry>[] = [
    { key: 'at', title: t('at'), render: (x) => <span className="nowrap">{f.moment(x.at)}</span> },
    { key: 'who', title: t('who'), render: (x) => <span className="nowrap">{who(x.who)}</span> },
    { key: 'act', title: t('act'), render: (x) => <A to={to(x)}>{act(x.act)}</A> },
    { key: 'subject', title: t('subject'), render: (x) => <About kind={x.kind} id={x.subject} /> },
    { key: 'detail', title: t('detail'), render: (x) => <code className="cut s12 second" style={{ display: 'block', maxWidth: 360 }}>{says(x.detail)}</code> },
    { key: 'leaf', title: t('leaf'), num: true, render: (x) => (x.leaf === undefined ? <span className="mute">{t('waiting')}</span> : f.exact(x.leaf)) },
  ]
  /** The link says days of the corp; the API wants instants, the last exclusive. */
  const range = (q: Query): Query => ({ ...q, from: typeof q.from === 'string' ? f.dayStart(q.from) : undefined, to: typeof q.to === 'string' ? f.dayStart(q.to, 1) : undefined })
  return (
    <Page title={t('title')} meta={t('meta')}>
      <div style={{ marginBottom: 16 }}><Head /></div>
      <List<AuditEntry> id="audit" path="/audit/entries" request={range} rowKey={(x) => x.id} columns={columns} filters={filters} opens={to} empty={{ title: t('none'), text: t('noneText') }} />
    </Page>
  )
}

export function About({ kind, id }: { kind?: string; id?: string }) {
  const page = subjectPage(kind, id)
  if (!kind && !id) return <>—</>
  const text = [kind, id].filter(Boolean).join(' ')
  return page ? <A className="rule" to={page}>{text}</A> : <span className="rule">{text}</span>
}

/** What an entry says, on one line. */
export const says = (detail: unknown): string => (detail && typeof detail === 'object' && !Array.isArray(detail) ? Object.entries(detail).map(([k, v]) => `${k} ${typeof v === 'object' ? JSON.stringify(v) : String(v)}`).join('; ') : '')

function Head() {
  const t = useWords(w)
  const f = useFormat()
  const copy = useCopy()
  const head = useGet<AuditHead>('/audit/head', undefined, { every: 3000 })
  const verify = useAct({ method: 'POST', path: '/audit/verify', touches: ['/audit'] })
  return (
    <Panel title={t('head')}>
      <Ready query={head} rows={3}>
        {(h) => {
          const c = h.checked
          const busy = h.checking || verify.isPending
          return (
            <div className="auditHead">
              <div style={{ minWidth: 0 }}>
                {!c && <p className="second">{t('never')}</p>}
                {c && c.ok && <p className="pine row" role="status"><Icon name="check" size={14} />{t('good', { time: f.moment(c.at), n: f.exact(c.leaves), m: f.exact(c.touches) })}</p>}
                {c && c.ok && c.older > 0 && <p className="mute s12">{t('older', { n: c.older })}</p>}
                {c && !c.ok && <div className="note bad" role="alert"><Icon name="warn" size={14} /><div><p>{t('bad', { time: f.moment(c.at), n: c.problems.length })}</p><ul className="made">{c.problems.map((p, i) => <li key={i}>{f.lang === 'zh' ? p.zh : p.en}{p.touch && <> <A to={`/touches/${encodeURIComponent(p.touch)}`}>{p.touch}</A></>}{p.entry && <> <A to={`/audit/${encodeURIComponent(p.entry)}`}>{p.entry}</A></>}</li>)}</ul></div></div>}
                <p className="s12 mute" style={{ marginTop: 6 }}>{t('size', { n: h.size })}{h.waiting > 0 && <> · {t('waits', { n: h.waiting })}</>}{h.root && <> · {t('root')} <span className="rule cutRule" title={h.root}>{h.root}</span></>}</p>
                <p className="s12 mute">{t('keepHead')}</p>
              </div>
              <div className="row">
                {h.note && <Button onClick={() => copy(h.note)}>{t('copyHead')}</Button>}
                <Button loading={busy} onClick={() => verify.mutate()}>{busy ? t('verifying') : t('verify')}</Button>
              </div>
            </div>
          )
        }}
      </Ready>
    </Panel>
  )
}
