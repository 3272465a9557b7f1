// One group: its members, how each came in, and which code brought them.
import { useParams } from '@tanstack/react-router'
import { Segmented, Table } from 'antd'
import { useGet } from '../../api/queries'
import type { GroupchatDetail as Detail, GroupMember } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Avatar, State } from '../../kit/marks'
import { Facts, Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { w } from './words'

const kinds = ['all', 'customer', 'staff', 'unknown'] as const

export function GroupchatDetail() {
  const { id = '' } = useParams({ strict: false })
  const t = useWords(w)
  const group = useGet<Detail>(`/groupchats/${encodeURIComponent(id)}`)
  if (group.data) return <Shown group={group.data} />
  return <Page title={t('title')} crumbs={[{ text: t('title'), to: '/groupchats' }]}><section className="panel"><Ready query={group} head>{() => null}</Ready></section></Page>
}

function Shown({ group: g }: { group: Detail }) {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const kind = kinds.find((k) => k === url.one('kind')) ?? 'all'
  const rows = kind === 'all' ? g.members : g.members.filter((m) => m.kind === kind)
  const sources = new Map<string, number>()
  for (const m of g.members) if (m.kind !== 'staff') { const name = m.source?.name ?? t('otherSource'); sources.set(name, (sources.get(name) ?? 0) + 1) }
  const from = [...sources].sort((a, b) => b[1] - a[1])
  const top = Math.max(1, ...from.map(([, n]) => n))
  return (
    <Page title={g.name || t('unnamed')} crumbs={[{ text: t('title'), to: '/groupchats' }]} tags={<State tone={g.state === 'live' ? 'ok' : 'plain'}>{t(g.state)}</State>} meta={t('inOut', { a: g.joined_today, b: g.left_today })}>
      <div className="cols">
        <Panel title={t('membersOf', { n: g.members.length })} actions={<Segmented size="small" value={kind} onChange={(k) => url.set({ kind: k === 'all' ? undefined : k }, { replace: true })} options={kinds.map((k) => ({ value: k, label: k === 'all' ? t('all') : t(`k_${k}`) }))} />}>
          <Table<GroupMember>
            size="small" rowKey={(m) => m.id} dataSource={rows} pagination={rows.length > 100 ? { pageSize: 100, size: 'small', showSizeChanger: false } : false} locale={{ emptyText: t('noneOf') }}
            columns={[
              { title: t('member'), render: (_, m) => <span className="row"><Avatar name={m.name || '?'} />{m.known ? <A to={`/customers/${encodeURIComponent(m.id)}`}>{m.name}</A> : <>{m.name || '—'}{m.kind === 'customer' && <span className="mute s12 nowrap">{t('k_unknown')}</span>}</>}</span> },
              { title: t('kind'), render: (_, m) => <span className={m.kind === 'customer' ? '' : 'mute'}>{t(`k_${m.kind}`)}</span> },
              { title: t('joined'), render: (_, m) => <span className="nowrap">{f.moment(m.joined_at)}</span> },
              { title: t('scene'), render: (_, m) => <>{m.join_scene}{m.invitor && <span className="mute">{f.lang === 'zh' ? '，' : ', '}{t('invitor', { name: m.invitor.name })}</span>}</> },
              { title: t('from'), render: (_, m) => (m.source ? <A to={`/joinways?open=${encodeURIComponent(m.source.joinway_id)}`}>{m.source.name}</A> : <span className="mute">—</span>) },
            ]}
          />
        </Panel>
        <div className="stack">
          <Panel title={t('facts')}><Facts rows={[[t('owner'), g.owner.name], [t('customers'), t('people', { n: g.customers })], [t('created'), f.moment(g.created_at)], ['ID', <span key="id" className="rule">{g.id}</span>]]} /></Panel>
          <Panel title={t('sources')}>
            <ul className="sources stack" style={{ gap: 8 }}>
              {from.map(([name, n]) => <li key={name} className="s13"><div className="row"><span className="cut">{name}</span><b className="push">{n}</b></div><div style={{ height: 6, borderRadius: 3, marginTop: 3, background: 'var(--line2)' }}><i style={{ display: 'block', height: 6, borderRadius: 3, background: 'var(--pine)', width: `${(n / top) * 100}%` }} /></div></li>)}
            </ul>
          </Panel>
          <Panel title={t('notice')}><p className="s13" style={{ whiteSpace: 'pre-wrap' }}>{g.notice || <span className="mute">{t('noNotice')}</span>}</p></Panel>
        </div>
      </div>
    </Page>
  )
}
