// One entry of the audit log, with the proof that it is in the tree that was signed.
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useGet } from '../../api/queries'
import type { AuditEntryDetail } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { Facts, Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useActs } from './acts'
import { About } from './Audit'
import { w } from './words'
import './audit.css'

export function AuditEntry() {
  const { id = '' } = useParams({ strict: false })
  const t = useWords(w)
  const entry = useGet<AuditEntryDetail>(`/audit/entries/${encodeURIComponent(id)}`)
  return (
    <Page title={t('entry')} crumbs={[{ text: t('title'), to: '/audit' }, { text: t('entry') }]}>
      <Ready query={entry} rows={8}>{(x) => <One entry={x} />}</Ready>
    </Page>
  )
}

function One({ entry: x }: { entry: AuditEntryDetail }) {
  const t = useWords(w)
  const f = useFormat()
  const { act, who } = useActs()
  const detail = x.detail && typeof x.detail === 'object' ? Object.entries(x.detail) : []
  return (
    <div className="stack" style={{ gap: 16 }}>
      <Panel title={act(x.act)} sub={x.leaf === undefined ? t('waiting') : t('entryOf', { n: f.exact(x.leaf) })}>
        {x.leaf === undefined
          ? <p className="second row"><Icon name="clock" size={14} />{t('waitingText')}</p>
          : x.intact
            ? <p className="pine row" role="status"><Icon name="check" size={14} />{t('intact')}</p>
            : <p className="note bad" role="alert"><Icon name="warn" size={14} />{t('broken')}</p>}
        <Facts rows={[
          [t('at'), `${f.longDate(x.at)} ${f.clock(x.at)}`], [t('who'), who(x.who)], [t('act'), <code key="a">{x.act}</code>], [t('subject'), <About key="s" kind={x.kind} id={x.subject} />],
          ...detail.map(([k, v]): [string, ReactNode] => [k, <code key={k} className="s12">{typeof v === 'object' ? JSON.stringify(v) : String(v)}</code>]),
          ...(x.request_id ? [[t('request'), <code key="r">{x.request_id}</code>] as [string, ReactNode]] : []),
          ...(x.touches > 0 ? [[t('touches'), t('touchesN', { n: x.touches })] as [string, ReactNode]] : []),
        ]} />
        {x.some.length > 0 && <details><summary className="s13">{t('firstOnes', { n: x.some.length })}</summary><p className="s12">{x.some.map((id) => <span key={id}><A className="rule" to={`/touches/${encodeURIComponent(id)}`}>{id}</A> </span>)}</p></details>}
      </Panel>
      {x.leaf !== undefined && <Panel title={t('proof')}>
        <p className="s12 mute">{t('proofText', { n: x.size })}</p>
        <ol className="proof"><li>{t('leafHash')} {x.hash}</li>{x.proof.map((h) => <li key={h}>{h}</li>)}<li>{t('root')} {x.root}</li></ol>
        <details><summary className="s13">{t('record')}</summary><pre className="record">{x.record}</pre></details>
      </Panel>}
    </div>
  )
}
