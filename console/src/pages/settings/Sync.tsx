// Sync with its progress: expected, read, stored, failed for each part; then what had drifted and what failed.
import { Button } from 'antd'
import { useLive } from '../../api/live'
import { useAct, useGet, useInvalidateSoon } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Sync as SyncData } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { State, type Tone } from '../../kit/marks'
import { Facts, Page, Panel } from '../../kit/Page'
import { Empty, Ready } from '../../kit/states'
import { w } from './words'
import './settings.css'

const parts = ['departments', 'staff', 'customers', 'relations', 'tags', 'groups'] as const
const reasons = ['first', 'start', 'gap', 'clock', 'daily', 'asked'] as const
const tones: Record<SyncData['state'], Tone> = { idle: 'plain', running: 'warn', done: 'ok', failed: 'bad' }

/** Whether a part has persons whom WeCom names and who are not stored again. */
const erased = (s: SyncData) => parts.some((name) => (s.parts[name]?.erased ?? 0) > 0)

export function Sync() {
  const t = useWords(w)
  const f = useFormat()
  const may = useCan()('sync.write')
  const sync = useGet<SyncData>('/sync', undefined, { every: 2000 })
  const soon = useInvalidateSoon()
  useLive('sync', () => soon('/sync'))
  const start = useAct({ method: 'POST', path: '/sync', touches: ['/sync', '/home'] })
  const s = sync.data
  const running = s?.state === 'running'
  const reason = reasons.find((r) => r === s?.reason)
  const meta = s && [s.started_at && t('started', { time: f.moment(s.started_at) }), !running && s.finished_at && t('finished', { time: f.moment(s.finished_at) }), reason && t(`r_${reason}`)].filter(Boolean).join(' · ')
  const button = may && <Button type="primary" disabled={running} loading={start.isPending} onClick={() => start.mutate()}>{t('syncStart')}</Button>
  return (
    <Page title={t('sync')} tags={s && <State tone={tones[s.state]}>{t(`syncState_${s.state}`)}</State>} meta={meta} actions={button}>
      <Ready query={sync} rows={8}>
        {(data) => data.state === 'idle' && !data.started_at && !data.finished_at ? <section className="panel"><Empty icon="again" title={t('neverRun')} text={t('neverRunText')}>{button}</Empty></section> : (
          <div className="cols">
            <Panel title={running ? t('syncing', { a: data.parts.customers?.stored ?? 0, b: data.parts.customers?.expected ?? 0 }) : t('progress')} sub={t('resumable')}>
              <table className="plain-table" aria-live="polite">
                <thead><tr><th>{t('part')}</th><th style={{ width: '32%' }}>{t('progress')}</th><th className="right">{t('expected')}</th><th className="right">{t('read')}</th><th className="right">{t('stored')}</th><th className="right">{t('failed')}</th>{erased(data) && <th className="right">{t('erased')}</th>}</tr></thead>
                <tbody>{parts.map((name) => {
                  const p = data.parts[name]
                  if (!p) return null
                  return <tr key={name}><td>{t(`p_${name}`)}</td><td><div className="sync-bar"><i style={{ width: `${p.expected > 0 ? Math.min(100, (p.stored / p.expected) * 100) : 0}%` }} /></div></td><td className="right">{f.exact(p.expected)}</td><td className="right">{f.exact(p.read)}</td><td className="right b">{f.exact(p.stored)}</td><td className={`right ${p.failed > 0 ? 'bad b' : 'mute'}`}>{f.exact(p.failed)}</td>{erased(data) && <td className="right second">{f.exact(p.erased ?? 0)}</td>}</tr>
                })}</tbody>
              </table>
              {erased(data) && <p className="s12 mute" style={{ marginTop: 8 }}>{t('erasedText')}</p>}
            </Panel>
            <div className="stack">
              <Panel title={t('drift')}>
                {data.drift.added + data.drift.lost === 0 ? <p className="mute s13">{t('driftNone')}</p> : <><Facts rows={[[t('driftAdded'), f.exact(data.drift.added)], [t('driftLost'), f.exact(data.drift.lost)]]} /><p className="s12 mute" style={{ marginTop: 8 }}>{t('driftText')}</p></>}
              </Panel>
              <Panel title={t('errors')}>
                {(data.errors ?? []).length === 0 ? <p className="mute s13">{t('errorsNone')}</p> : <ul className="stack s13" style={{ gap: 8 }}>{data.errors.map((e, i) => <li key={i}><span className="rule">{e.what}</span><p className="bad">{e.text}</p></li>)}</ul>}
              </Panel>
            </div>
          </div>
        )}
      </Ready>
    </Page>
  )
}
