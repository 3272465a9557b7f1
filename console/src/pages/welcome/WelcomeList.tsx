import { Button } from 'antd'
import { useCan } from '../../api/session'
import type { Welcome } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { List, type Column } from '../../kit/List'
import { State } from '../../kit/marks'
import { useContactwayOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { w } from './words'

export function WelcomeList() {
  const t = useWords(w)
  const f = useFormat()
  const go = useGo()
  const can = useCan()
  const ways = new Map(useContactwayOptions().map((o) => [o.value, o.label]))
  const to = (x: Welcome) => `/welcomes/${encodeURIComponent(x.id)}`
  const create = can('welcome.write') && <Button type="primary" icon={<Icon name="plus" />} onClick={() => go('/welcomes/new')}>{t('create')}</Button>
  const columns: Column<Welcome>[] = [
    { key: 'name', title: t('name'), render: (x) => <A to={to(x)}>{x.name}</A> },
    { key: 'scope', title: t('scope'), render: (x) => (x.scope.kind === 'default' ? t('scopeDefault') : f.list((x.scope.contactway_ids ?? []).map((id) => ways.get(id) ?? id))) },
    { key: 'text', title: t('textCol'), render: (x) => <div className="cut" style={{ maxWidth: 320 }} title={x.text}>{x.text.split('\n')[0]}{(x.attachments ?? []).length > 0 && <span className="mute"> · {t('attachN', { n: (x.attachments ?? []).length })}</span>}</div> },
    { key: 'priority', title: t('priority'), num: true, render: (x) => x.priority },
    { key: 'sent', title: t('sent'), num: true, render: (x) => f.count(x.sent) },
    { key: 'state', title: t('state'), render: (x) => <State tone={x.enabled ? 'ok' : 'plain'}>{x.enabled ? t('enabled') : t('disabled')}</State> },
  ]
  return (
    <Page title={t('title')} meta={t('meta')} actions={<><Button onClick={() => go('/welcomes/traces')}>{t('traces')}</Button>{create}</>}>
      <List<Welcome> id="welcomes" path="/welcomes" rowKey={(x) => x.id} columns={columns} opens={to} empty={{ title: t('empty'), text: t('emptyText'), action: create }} />
    </Page>
  )
}
