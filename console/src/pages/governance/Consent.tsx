// Whether marketing goes only to customers whose own consent is on record. Off unless the corp chooses it.
import { Button } from 'antd'
import { useAct } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { Caps } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { RuleId, State } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { asTheyAre } from './capsBody'
import { w } from './consentWords'

export function Consent({ caps }: { caps: Caps }) {
  const t = useWords(w)
  const ask = useReach()
  const said = useSaid()
  const me = useMe()
  const may = useCan()('governance.write') && me.scope === 'all'
  const on = caps.only_consented
  const save = useAct<Caps>({ method: 'PUT', path: '/governance/caps', body: () => ({ ...asTheyAre(caps), only_consented: !on }), touches: ['/governance', '/customers'], done: () => said(t('saved')) })
  return (
    <Panel title={t('title')} sub={<RuleId id="LAW-21" />}>
      <div className="row">
        <State tone={on ? 'ok' : 'plain'}>{t(on ? 'on' : 'off')}</State><span className="second s13">{t('count', { n: caps.consented })}</span>
        {may && <Button size="small" className="push" loading={save.isPending} onClick={() => ask({ reach: t(on ? 'offReach' : 'onReach', { n: caps.consented }), also: t(on ? 'offAlso' : 'onAlso'), button: t(on ? 'turnOff' : 'turnOn'), act: () => save.mutateAsync() })}>{t(on ? 'turnOff' : 'turnOn')}</Button>}
      </div>
      <p className="s12 mute" style={{ marginTop: 8 }}>{t('text')}</p>
    </Panel>
  )
}
