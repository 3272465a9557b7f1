import { Button } from 'antd'
import { useCan } from '../../api/session'
import type { Autoreply } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { List, type Column } from '../../kit/List'
import { State } from '../../kit/marks'
import { useAccountOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { TryPanel } from './TryPanel'
import { w } from './words'

export function AutoreplyList() {
  const t = useWords(w)
  const f = useFormat()
  const go = useGo()
  const can = useCan()
  const accounts = new Map(useAccountOptions().map((o) => [o.value, o.label]))
  const to = (x: Autoreply) => `/autoreplies/${encodeURIComponent(x.id)}`
  const create = can('autoreply.write') && <Button type="primary" icon={<Icon name="plus" />} onClick={() => go('/autoreplies/new')}>{t('create')}</Button>
  const columns: Column<Autoreply>[] = [
    { key: 'name', title: t('name'), render: (x) => <A to={to(x)}>{x.name}</A> },
    { key: 'patterns', title: t('patterns'), render: (x) => <span className="tags one">{x.patterns.slice(0, 3).map((p, i) => <span key={i} className="tag"><span className="mute">{t(p.kind)}</span>{p.value}</span>)}{x.patterns.length > 3 && <span className="mute s12">+{x.patterns.length - 3}</span>}</span> },
    { key: 'answer', title: t('answerCol'), render: (x) => <div className="cut" style={{ maxWidth: 240 }} title={x.answer.text}>{x.answer.kind === 'text' ? x.answer.text : t(`a_${x.answer.kind}`)}</div> },
    { key: 'accounts', title: t('accounts'), hidden: true, render: (x) => ((x.kf_accounts ?? []).length === 0 ? t('accountsAll') : f.list(x.kf_accounts.map((id) => accounts.get(id) ?? id))) },
    { key: 'matched', title: t('matched'), num: true, render: (x) => f.count(x.matched) },
    { key: 'priority', title: t('priority'), num: true, render: (x) => x.priority },
    { key: 'state', title: t('state'), render: (x) => <State tone={x.enabled ? 'ok' : 'plain'}>{x.enabled ? t('on') : t('off')}</State> },
  ]
  return (
    <Page title={t('title')} meta={t('meta')} actions={create}>
      <div className="editor2">
        <List<Autoreply> id="autoreplies" path="/autoreplies" rowKey={(x) => x.id} columns={columns} opens={to} empty={{ title: t('empty'), text: t('emptyText'), action: create }} />
        <div className="aside"><TryPanel /></div>
      </div>
    </Page>
  )
}
