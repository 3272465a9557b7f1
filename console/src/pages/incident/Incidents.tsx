// Leaks of personal data on record, the newest first.
import { Button } from 'antd'
import { useState } from 'react'
import { useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Incident, Page as Items } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { RuleId, State } from '../../kit/marks'
import { Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { IncidentForm } from './IncidentForm'
import { w } from './words'

export function Incidents() {
  const t = useWords(w)
  const f = useFormat()
  const go = useGo()
  const actor = useActor()
  const may = useCan()('incident.write')
  const found = useGet<Items<Incident>>('/incidents')
  const [adding, setAdding] = useState(false)
  return (
    <Page title={t('title')} meta={t('meta')}>
      <Panel title={t('register')} actions={may && <Button size="small" onClick={() => setAdding(true)}>{t('add')}</Button>}>
        <p className="s12 mute"><RuleId id="LAW-19" /> {t('text')}</p>
        <Ready query={found} rows={3}>{(d) => (d.items.length === 0 ? <p className="s13" style={{ marginTop: 10 }}>{t('none')}</p> : (
          <div style={{ overflowX: 'auto', marginTop: 8 }}>
            <table className="plain-table"><thead><tr><th>{t('what')}</th><th>{t('kind')}</th><th>{t('since')}</th><th>{t('state')}</th><th /></tr></thead><tbody>
              {d.items.map((i) => (
                <tr key={i.id}>
                  <td><A to={`/incidents/${i.id}`}>{i.title}</A><div className="mute s12">{actor(i.by.name || i.by.id)} · {f.moment(i.at)}</div></td>
                  <td>{t(i.kind)}{i.ref && <div className="mute s12"><code>{i.ref}</code></div>}</td>
                  <td className="nowrap">{i.until ? t('span', { from: f.moment(i.since), to: f.moment(i.until) }) : t('spanOpen', { from: f.moment(i.since) })}</td>
                  <td><State tone={i.state === 'complete' ? 'ok' : 'bad'}>{t(i.state)}</State><div className="mute s12">{i.steps.map((s) => t(`s_${s.kind}`)).join(f.lang === 'zh' ? '、' : ', ')}</div></td>
                  <td className="right"><Button size="small" onClick={() => go(`/incidents/${i.id}`)}>{t('more')}</Button></td>
                </tr>
              ))}
            </tbody></table>
          </div>
        ))}</Ready>
      </Panel>
      {adding && <IncidentForm close={() => setAdding(false)} done={(i) => go(`/incidents/${i.id}`)} />}
    </Page>
  )
}
