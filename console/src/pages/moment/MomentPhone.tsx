// What a customer sees: a neutral phone with one post, folded where a phone folds.
import type { MomentPart, MomentPlan } from '../../api/types'
import { apiPath } from '../../api/client'
import { useWords } from '../../i18n/i18n'
import { Icon } from '../../kit/Icon'
import { initial } from '../../kit/marks'
import { useFolds } from './useFolds'
import { w } from './words'
import './moment.css'

export interface MomentPhoneProps { from?: string; text: string; parts: MomentPart[]; fold?: MomentPlan['fold'] }

export function MomentPhone({ from: sender, text, parts, fold }: MomentPhoneProps) {
  const t = useWords(w)
  const from = sender ?? t('phoneStaff')
  // The server's word, as long as it is about this text; else six lines as they come.
  const told = fold && fold.shown + fold.rest === text ? fold : undefined
  const [box, overflows] = useFolds(text)
  const folds = told ? told.rest !== '' : overflows
  return (
    <div>
      <div className="phone" role="img" aria-label={`${t('phone')} ${text}`}>
        <div className="screen">
          <div className="bar"><span>9:00</span><span>5G</span></div>
          <div className="who">{t('title')}</div>
          <div className="post">
            <div className="by"><span className="face">{initial(from)}</span>{from}</div>
            {text.trim() === '' && parts.length === 0 && <p className="words">{t('phoneEmpty')}</p>}
            {text !== '' && <p ref={box} className={`words ${told ? '' : 'folds'}`}>{told ? told.shown.trimEnd() : text}</p>}
            {folds && <p className="unfold">{t('unfold')}</p>}
            <Below parts={parts} />
          </div>
        </div>
      </div>
      <p className="phone-note">{t('phone')}</p>
    </div>
  )
}

/** What stands below the text: pictures, a film or a link. */
function Below({ parts }: { parts: MomentPart[] }) {
  const t = useWords(w)
  const pictures = parts.filter((x) => x.kind === 'image')
  const film = parts.find((x) => x.kind === 'video')
  const link = parts.find((x) => x.kind === 'link')
  return (
    <>
      {pictures.length > 0 && <div className={`pics ${pictures.length === 1 ? 'one' : ''}`}>{pictures.map((x, i) => <img key={`${x.hash}${i}`} src={apiPath(`/moment-media/${x.hash}`)} alt="" />)}</div>}
      {film && <div className="film"><span>{t('film')}<br />{film.name}</span></div>}
      {link && <div className="link">{link.hash ? <img src={apiPath(`/moment-media/${link.hash}`)} alt="" /> : <span className="ph"><Icon name="link" size={16} /></span>}<span>{link.title || link.url || t('link')}</span></div>}
    </>
  )
}
