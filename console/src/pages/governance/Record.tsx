// What the corp has on record about itself: its papers, its sites, the penalties against sites, and consents for sensitive tags.
import { Page } from '../../kit/Page'
import { useWords } from '../../i18n/i18n'
import { Licences } from './Licences'
import { SensitiveTags } from './SensitiveTags'
import { Sites } from './Sites'
import { w } from './recordWords'
import './governance.css'

export function Record() {
  const t = useWords(w)
  return (
    <Page title={t('title')} meta={t('meta')}>
      <div className="stack" style={{ gap: 16 }}><Licences /><Sites /><SensitiveTags /></div>
    </Page>
  )
}
