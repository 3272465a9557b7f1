// The evidence of a customer's consents, and of their guardian's: to what, what was seen or said, when, and until when it held.
import { Modal } from 'antd'
import { useGet } from '../../api/queries'
import type { CustomerConsent, Page as Rows } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { Ready } from '../../kit/states'
import { w } from './words'

export function Consents({ id, close }: { id: string; close: () => void }) {
  const t = useWords(w)
  const f = useFormat()
  const actor = useActor()
  const rows = useGet<Rows<CustomerConsent>>(`/customers/${encodeURIComponent(id)}/consents`)
  return (
    <Modal open title={t('evidenceTitle')} onCancel={close} footer={null} width={520}>
      <Ready query={rows} rows={2}>{(d) => (d.items.length === 0 ? <p className="s13">{t('evidenceNone')}</p> : <ul className="stack" style={{ gap: 12 }}>
        {d.items.map((x) => (
          <li key={x.id} className={x.ended_at || x.outdated ? 'mute' : ''}>
            <p className="s13"><b>{t(`evidencePurpose_${x.purpose}`)}</b>{x.guardian && ` · ${t('evidenceGuardian', { who: x.guardian })}`}</p>
            <p className="s13">{x.words}</p>
            {x.outdated && <p className="s12 held">{t('evidenceOutdated')}</p>}
            <p className="mute s12">{t(x.via === 'page' ? 'evidencePage' : 'evidenceStaff', { by: actor(x.by), date: f.moment(x.given_at) })}{x.wording ? ` · ${t('evidenceVersion', { n: x.wording })}` : ''}{x.notice ? <> · <a href={`/p/privacy/${x.notice}`} target="_blank" rel="noreferrer" title={x.notice_sha256}>{t('evidenceNotice', { n: x.notice })}</a></> : ''}{x.ended_at ? ` · ${t('evidenceEnded', { date: f.moment(x.ended_at) })}` : ''}</p>
          </li>
        ))}
      </ul>)}</Ready>
    </Modal>
  )
}
