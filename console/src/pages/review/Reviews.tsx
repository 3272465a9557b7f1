// Texts that a person looks at, the most urgent first. A text opens beside the list; a decision closes it.
import { Drawer, Segmented } from 'antd'
import { useState } from 'react'
import { useLive } from '../../api/live'
import { useGet, useInvalidateSoon } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import { basePath } from '../../api/client'
import type { ReviewSum, ReviewText } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { List, type Column, type Filter } from '../../kit/List'
import { RuleId, State, type Tone } from '../../kit/marks'
import { Page } from '../../kit/Page'
import { useUrl } from '../../kit/useurl'
import { OneText } from './OneText'
import { w } from './words'
import '../broadcast/broadcast.css'
import '../governance/governance.css'
import './review.css'

const causes: ReviewText['cause'][] = ['words', 'size', 'ladder', 'assessment', 'flagged', 'sample']
const tones: Record<ReviewText['state'], Tone> = { open: 'held', second: 'warn', passed: 'ok', returned: 'held', withdrawn: 'plain' }

export function Reviews() {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const me = useMe()
  const soon = useInvalidateSoon()
  useLive('review', () => soon('/reviews'))
  const [open, setOpen] = useState('')
  const whole = me.scope === 'all'
  const may = useCan()('review.read') && whole
  const show = url.one('show') === 'decided' ? 'decided' : 'open'
  const filters: Filter[] = [{ kind: 'one', key: 'cause', label: t('cause'), options: causes.map((c) => ({ value: c, label: t(`c_${c}`) })) }]
  const columns: Column<ReviewText>[] = [
    { key: 'text', title: t('text'), render: (r) => <div className="words"><button type="button" className="linky" onClick={() => setOpen(r.id)}>{r.title || t(`n_${r.noun}`)}</button><div className="second s13">{r.text}</div></div> },
    { key: 'cause', title: t('cause'), render: (r) => <State tone={r.held ? 'held' : 'plain'}>{t(`c_${r.cause}`)}</State> },
    { key: 'noun', title: t('noun'), render: (r) => <span className="nowrap">{t(`n_${r.noun}`)}</span> },
    { key: 'author', title: t('author'), render: (r) => r.author?.name ?? <span className="mute s13">{t('blindAuthor')}</span> },
    { key: 'rules', title: t('rules'), render: (r) => <span className="row">{[...new Set(r.rules)].slice(0, 3).map((id) => <RuleId key={id} id={id} />)}{r.rules.length === 0 && '—'}</span> },
    { key: 'audience', title: t('audience'), num: true, render: (r) => f.count(r.audience) },
    { key: 'at', title: t('since'), num: true, render: (r) => <span className="nowrap">{f.moment(r.at)}</span> },
    { key: 'state', title: t('state'), render: (r) => <State tone={tones[r.state]}>{t(`s_${r.state}`)}</State> },
  ]
  return (
    <Page title={t('title')} meta={t('meta')} actions={may && <a className="ant-btn ant-btn-default ant-btn-variant-outlined" href={`${basePath()}/api/v1/reviews/examples.tsv`} download title={t('exportHint')}>{t('export')}</a>}>
      <Sums />
      <Segmented style={{ marginBottom: 12 }} value={show} onChange={(v) => url.set({ show: v === 'open' ? undefined : v, after: undefined })} options={[{ value: 'open', label: t('open') }, { value: 'decided', label: t('decided') }]} />
      <List<ReviewText> key={show} id={`reviews-${show}`} path="/reviews" query={{ show }} rowKey={(r) => r.id} columns={columns} filters={filters} open={(r) => setOpen(r.id)} empty={{ title: t('emptyTitle'), text: t('emptyText') }} />
      <Drawer open={open !== ''} onClose={() => setOpen('')} title={t('title')} size="large" destroyOnHidden>{open !== '' && <OneText id={open} close={() => setOpen('')} />}</Drawer>
    </Page>
  )
}

/** How the queue stands, and how people and rules agree. */
function Sums() {
  const t = useWords(w)
  const f = useFormat()
  const found = useGet<ReviewSum>('/reviews/sum')
  const s = found.data
  const cells: [string, string, string][] = [
    [t('sumOpen'), f.count(s?.open), s && s.open > 0 ? 'held' : 'mute'], [t('sumHeld'), f.count(s?.held), s && s.held > 0 ? 'warn' : 'mute'],
    ...(s && s.second > 0 ? [[t('sumSecond'), f.count(s.second), 'warn'] as [string, string, string]] : []),
    [t('sumDecided'), f.count(s?.decided), ''], [t('sumOverturned'), f.count(s?.overturned), ''], [t('sumMissed'), s ? t('ofSampled', { a: s.missed, b: s.sampled }) : '—', s && s.missed > 0 ? 'held' : 'mute'],
  ]
  return <section className="panel sums"><dl className="results">{cells.map(([name, n, tone]) => <div key={name}><dt>{name}</dt><dd className={tone}>{n}</dd></div>)}</dl></section>
}
