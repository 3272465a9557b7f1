// What the customer sees: a neutral phone, white bubbles on grey, no chat app's look copied.
import type { ReactNode } from 'react'
import type { Attachment } from '../api/types'
import { useMe } from '../api/session'
import { useWords } from '../i18n/i18n'
import { Icon } from './Icon'
import { initial } from './marks'
import { contentOf, sized } from './Materials'
import { w } from './words'

export function PhonePreview({ from: sender, text, attachments = [], time = '9:00', note }: { from?: string; text: string; attachments?: Attachment[]; time?: string; note?: ReactNode }) {
  const t = useWords(w)
  const me = useMe()
  const from = sender ?? t('phoneFrom')
  const empty = text.trim() === '' && attachments.length === 0
  return (
    <div>
      <div className="phone" role="img" aria-label={`${t('phone')}: ${text}`}>
        <div className="screen">
          <div className="bar"><span>{time}</span><span>5G</span></div>
          <div className="who"><Icon name="back" />{from}<span className="at">@{me.corp.name}</span></div>
          <div className="talk">
            <div className="time">{time}</div>
            {empty && <div className="time">{t('phoneEmpty')}</div>}
            {text.trim() !== '' && <div className="say"><span className="face">{initial(from)}</span><div className="bubble">{text}</div></div>}
            {attachments.map((a, i) => <div key={i} className="say"><span className="face">{initial(from)}</span><Card attachment={a} /></div>)}
          </div>
        </div>
      </div>
      <p className="phone-note">{note ?? t('phoneNote')}</p>
    </div>
  )
}

function Card({ attachment: a }: { attachment: Attachment }) {
  const t = useWords(w)
  if (a.type === 'video') return <div className="card"><video src={a.video && contentOf(a.video.material_id)} preload="metadata" muted controls aria-label={a.video?.name ?? t('attachVideo')} /></div>
  if (a.type === 'file') return <div className="card"><div className="doc"><span><b>{a.file?.name}</b>{a.file?.size ? <span className="sub" style={{ display: 'block' }}>{sized(a.file.size)}</span> : null}</span><span className="ext" aria-hidden="true">{(a.file?.name ?? '').split('.').pop()?.slice(0, 4)}</span></div></div>
  if (a.type === 'image' && a.image?.material_id) return <div className="card"><img src={contentOf(a.image.material_id)} alt={t('picture')} /></div>
  if (a.type === 'image') return <div className="card">{a.image?.pic_url ? <img src={a.image.pic_url} alt={t('picture')} /> : <div className="pic"><Icon name="image" size={24} /></div>}</div>
  const title = a.type === 'link' ? a.link?.title : a.miniprogram?.title
  const pic = a.type === 'link' ? a.link?.pic_url : a.miniprogram?.pic_material_id && contentOf(a.miniprogram.pic_material_id)
  return (
    <div className="card">
      <p><b>{title || (a.type === 'link' ? t('attachLink') : t('attachMini'))}</b></p>
      {a.link?.desc && <p className="sub">{a.link.desc}</p>}
      {pic ? <img src={pic} alt="" /> : <div className="pic"><Icon name={a.type === 'link' ? 'link' : 'image'} size={22} /></div>}
      {a.type === 'miniprogram' && <p className="sub" style={{ paddingTop: 6 }}>{t('miniprogram')}</p>}
    </div>
  )
}
