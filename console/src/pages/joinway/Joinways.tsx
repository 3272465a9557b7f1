// Group codes: which groups stand behind one, how much room is left.
import { Button } from 'antd'
import { useCan } from '../../api/session'
import type { Joinway } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { Icon } from '../../kit/Icon'
import { List, type Column } from '../../kit/List'
import { Page } from '../../kit/Page'
import { useUrl } from '../../kit/useurl'
import { JoinwayDrawer } from './JoinwayDrawer'
import { RoomBar } from './RoomBar'
import { w } from './words'

export function Joinways() {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const can = useCan()
  const may = can('joinway.write')
  const open = url.one('open')
  const create = may && <Button type="primary" icon={<Icon name="plus" />} onClick={() => url.set({ open: 'new' })}>{t('create')}</Button>
  const columns: Column<Joinway>[] = [
    { key: 'name', title: t('name'), render: (j) => <span className="row"><img src={j.qr_code} alt="" width={32} height={32} loading="lazy" style={{ borderRadius: 4 }} /><span><button type="button" className="linky" style={{ minHeight: 0 }} onClick={() => url.set({ open: j.id })}>{j.name}</button>{j.remark && j.remark !== j.name && <div className="mute s12">{j.remark}</div>}</span></span> },
    { key: 'rooms', title: t('rooms'), width: 280, render: (j) => <div className="stack" style={{ gap: 8 }}>{j.rooms.map((r) => <RoomBar key={r.chat_id} room={r} />)}</div> },
    { key: 'left', title: t('room'), num: true, render: (j) => (j.room_left > 0 ? t('roomLeft', { n: j.room_left }) : <span className={j.auto_create_room ? 'second' : 'warn b'}>{j.auto_create_room ? t('autoYes') : t('noRoom')}</span>) },
    { key: 'joined', title: t('joined'), num: true, render: (j) => f.count(j.joined) },
    { key: 'auto', title: t('auto'), hidden: true, render: (j) => (j.auto_create_room ? t('autoYes') : '—') },
  ]
  return (
    <Page title={t('title')} meta={t('meta')} actions={create}>
      <List<Joinway> id="joinways" path="/joinways" rowKey={(j) => j.id} columns={columns} search={t('search')} open={(j) => url.set({ open: j.id })} empty={{ title: t('empty'), text: t('emptyText'), action: create }} />
      {open && (may || open !== 'new') && <JoinwayDrawer id={open} close={() => url.set({ open: undefined })} />}
    </Page>
  )
}
