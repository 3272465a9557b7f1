// Each check with its result in words and the way out.
import { useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { useAct, useGet } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Doctor as DoctorData, DoctorCheck } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { Icon, type IconName } from '../../kit/Icon'
import { State, type Tone } from '../../kit/marks'
import { Page, Panel } from '../../kit/Page'
import { Ready } from '../../kit/states'
import { w } from './words'
import './settings.css'

const icons: Record<DoctorCheck['state'], IconName> = { ok: 'check', warn: 'warn', error: 'cross', skipped: 'clock' }
const tones: Record<DoctorCheck['state'], Tone> = { ok: 'ok', warn: 'warn', error: 'bad', skipped: 'plain' }
const weight: Record<DoctorCheck['state'], number> = { error: 0, warn: 1, ok: 2, skipped: 3 }

export function Doctor() {
  const t = useWords(w)
  const f = useFormat()
  const client = useQueryClient()
  const may = useCan()('doctor.write')
  const doctor = useGet<DoctorData>('/doctor')
  const again = useAct<DoctorData>({ method: 'POST', path: '/doctor', got: (answer) => client.setQueryData(['/doctor', {}], answer), touches: ['/home'] })
  const sick = doctor.data?.checks.filter((c) => c.state === 'error' || c.state === 'warn').length ?? 0
  return (
    <Page title={t('doctor')} tags={doctor.data && <State tone={sick > 0 ? 'warn' : 'ok'}>{sick > 0 ? t('sick', { n: sick }) : t('healthy')}</State>} meta={doctor.data && t('asOf', { time: f.moment(doctor.data.as_of) })} actions={may && <Button loading={again.isPending} onClick={() => again.mutate()}>{t('examine')}</Button>}>
      <Panel>
        <Ready query={doctor} rows={7}>
          {(d) => <ul className="checks">{[...d.checks].sort((a, b) => weight[a.state] - weight[b.state]).map((c) => (
            <li key={c.id}><span className={c.state === 'ok' ? 'pine' : c.state === 'warn' ? 'warn' : c.state === 'error' ? 'bad' : 'mute'}><Icon name={icons[c.state]} /></span><b>{c.title}</b><div>{c.detail}{c.way_out && <p className="way">{c.way_out}</p>}</div><span className="row" style={{ alignSelf: 'start' }}>{c.state !== 'skipped' && <span className="mute s12">{t('took', { n: c.took_ms })}</span>}<State tone={tones[c.state]}>{t(`d_${c.state}`)}</State></span></li>
          ))}</ul>}
        </Ready>
      </Panel>
    </Page>
  )
}
