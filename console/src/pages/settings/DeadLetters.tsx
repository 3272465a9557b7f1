// Events and jobs that could not be handled: kept, with the reason, to be tried again.
import { Button } from 'antd'
import { useState } from 'react'
import { useAct } from '../../api/queries'
import { useCan } from '../../api/session'
import type { DeadLetter } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import { List, type Column } from '../../kit/List'
import { Page } from '../../kit/Page'
import { w } from './words'

export function DeadLetters() {
  const t = useWords(w)
  const f = useFormat()
  const said = useSaid()
  const may = useCan()('deadletter.write')
  const [total, setTotal] = useState(0)
  const touches = ['/dead-letters', '/home']
  const done = () => said(t('retried'))
  const retry = useAct<unknown, string>({ method: 'POST', path: (id) => `/dead-letters/${encodeURIComponent(id)}/retry`, touches, done })
  const all = useAct({ method: 'POST', path: '/dead-letters/retry', touches, done })
  const columns: Column<DeadLetter>[] = [
    { key: 'summary', title: t('summary'), render: (d) => <div>{d.summary}<div className="rule">{d.kind}</div></div> },
    { key: 'error', title: t('error'), render: (d) => <div className="bad" style={{ maxWidth: 420, whiteSpace: 'normal', overflowWrap: 'anywhere' }}>{d.error}</div> },
    { key: 'lane', title: t('lane'), render: (d) => d.lane },
    { key: 'attempts', title: t('attempts'), num: true, render: (d) => d.attempts },
    { key: 'at', title: t('at'), render: (d) => <span className="nowrap">{f.moment(d.at)}</span> },
    { key: 'retry', title: '', num: true, render: (d) => (may ? <Button size="small" loading={retry.isPending && retry.variables === d.id} onClick={() => retry.mutate(d.id)}>{t('retry')}</Button> : null) },
  ]
  return (
    <Page title={t('dead')} meta={t('deadMeta')} actions={may && total > 1 && <Button loading={all.isPending} onClick={() => all.mutate()}>{t('retryAll')}</Button>}>
      <List<DeadLetter> id="dead-letters" path="/dead-letters" rowKey={(d) => d.id} columns={columns} total={(n) => setTotal(n)} empty={{ title: t('noDead'), text: t('noDeadText') }} />
    </Page>
  )
}
