// What customers want about their own data: the first one due comes first, and each is answered in words.
import { Button, Segmented } from 'antd'
import { useState } from 'react'
import { useLive } from '../../api/live'
import { useInvalidateSoon } from '../../api/queries'
import { useCan } from '../../api/session'
import type { DataRequest } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useActor } from '../../kit/actor'
import { List, type Column } from '../../kit/List'
import { RuleId, State } from '../../kit/marks'
import { useUrl } from '../../kit/useurl'
import { AnswerRequest } from './AnswerRequest'
import { isGone } from './group'
import { Room } from './Room'
import { w } from './words'

export function Requests() {
  return <Room at="/privacy/requests" whole>{() => <Body />}</Room>
}

function Body() {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const actor = useActor()
  const may = useCan()('privacy.erase')
  const soon = useInvalidateSoon()
  useLive('data-request', () => soon('/privacy/requests'))
  useLive('erasure', () => soon('/privacy/requests'))
  const [answering, setAnswering] = useState<DataRequest>()
  const show = url.one('show') === 'ended' ? 'ended' : 'open'
  const columns: Column<DataRequest>[] = [
    { key: 'customer', title: t('who'), render: (x) => <Whose id={x.customer} name={x.name} /> },
    { key: 'kind', title: t('wants'), render: (x) => <div style={{ minWidth: 160 }}>{t(`k_${x.kind}`)}{x.words && <div className="second s13">{x.words}</div>}</div> },
    { key: 'asked', title: t('asked'), render: (x) => <span className="nowrap">{f.moment(x.asked_at)}<div className="mute s12">{x.via === 'page' ? t('viaPage') : actor(x.by)}</div></span> },
    { key: 'due', title: t('due'), render: (x) => <span className="nowrap">{f.date(x.due_at)} {x.late && <State tone="bad">{t('late')}</State>}</span> },
    show === 'open'
      ? { key: 'end', title: '', num: true, render: (x) => may && <Button size="small" onClick={() => setAnswering(x)}>{t('answer')}</Button> }
      : { key: 'answer', title: t('answered'), render: (x) => <div style={{ minWidth: 200 }}><State tone={x.state === 'done' ? 'ok' : 'held'}>{t(`r_${x.state === 'done' ? 'done' : 'refused'}`)}</State> {x.note}<div className="mute s12">{actor(x.done_by)} · {f.moment(x.done_at)}</div></div> },
  ]
  return (
    <>
      <div className="row" style={{ marginBottom: 12 }}>
        <Segmented value={show} onChange={(v) => url.set({ show: v === 'open' ? undefined : v })} options={[{ value: 'open', label: t('isOpen') }, { value: 'ended', label: t('isEnded') }]} />
        <RuleId id="LAW-09" /><RuleId id="LAW-10" />
      </div>
      <List<DataRequest>
        key={show} id={`data-requests-${show}`} path="/privacy/requests" query={{ state: show }} rowKey={(x) => x.id} columns={columns}
        empty={show === 'open' ? { title: t('noRequests'), text: t('noRequestsText') } : { title: t('noAnswered') }}
      />
      {answering && <AnswerRequest of={answering} close={() => setAnswering(undefined)} />}
    </>
  )
}

/** A customer by name; who was erased has none any more, and who only wrote to customer service has no page. */
export function Whose({ id, name }: { id?: string; name?: string }) {
  const t = useWords(w)
  if (isGone(id)) return <span className="mute">{t('gone')}</span>
  return name ? <A to={`/customers/${encodeURIComponent(id ?? '')}`}>{name}</A> : <span><span className="rule">{id}</span><div className="mute s12">{t('notCustomer')}</div></span>
}
