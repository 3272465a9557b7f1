// Customers' comments that wait for the member under whose publication they stand. What they say is read and answered in WeCom.
import { Button } from 'antd'
import { useAct } from '../../api/queries'
import { useCan } from '../../api/session'
import type { MomentAnswer } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useSaid } from '../../kit/fail'
import { List, type Column } from '../../kit/List'
import { w } from './words'

export function Answers() {
  const t = useWords(w)
  const f = useFormat()
  const said = useSaid()
  const may = useCan()('moment.answer')
  const end = useAct<unknown, string>({ method: 'POST', path: (id) => `/moment-answers/${encodeURIComponent(id)}/done`, touches: ['/moment-answers', '/home'], done: () => said(t('answerDone')) })
  const columns: Column<MomentAnswer>[] = [
    { key: 'who', title: t('echoWho'), render: (x) => <A to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name || x.customer.id}</A> },
    { key: 'at', title: t('answerAt'), render: (x) => <span className="nowrap">{f.moment(x.at)}</span> },
    { key: 'post', title: t('answerPost'), render: (x) => <div>{x.moment_id ? <A to={`/moments/${x.moment_id}?tab=echoes`}>{x.name}</A> : <span className="second">{t('answerOwn')}</span>}<div className="mute s12 cut" style={{ maxWidth: 320 }}>{x.text.split('\n')[0]}</div></div> },
    { key: 'staff', title: t('answerStaff'), render: (x) => x.staff.name || x.staff.id },
    { key: 'end', title: '', num: true, render: (x) => may && <Button size="small" onClick={() => end.mutate(x.id)}>{t('answerEnd')}</Button> },
  ]
  return (
    <>
      <p className="second s13" style={{ marginBottom: 8 }}>{t('answersNote')}</p>
      <List<MomentAnswer> id="moment-answers" path="/moment-answers" rowKey={(x) => x.id} columns={columns} empty={{ title: t('answersEmpty'), text: t('answersEmptyText') }} />
    </>
  )
}
