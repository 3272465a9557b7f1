// The frame of the three pages about personal data: one head, a tab for each that the caller may see.
import { Tabs } from 'antd'
import type { ReactNode } from 'react'
import { useMe } from '../../api/session'
import { useWords } from '../../i18n/i18n'
import { useGo } from '../../kit/A'
import { Page } from '../../kit/Page'
import { Forbidden } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './words'
import './privacy.css'

const tabs = [['/privacy', 'tabRegister'], ['/privacy/requests', 'tabRequests'], ['/privacy/erasures', 'tabErasures']] as const

/** `whole`: it names customers of everybody, so it is shown only to who sees the whole corp. */
export function Room({ at, whole = false, children }: { at: (typeof tabs)[number][0]; whole?: boolean; children: () => ReactNode }) {
  const t = useWords(w)
  const k = useWords(kit)
  const go = useGo()
  const me = useMe()
  const all = me.scope === 'all'
  return (
    <Page title={t('title')} meta={t('meta')} className="privacy">
      {all && <Tabs activeKey={at} onChange={(to) => go(to)} items={tabs.map(([key, word]) => ({ key, label: t(word) }))} />}
      {whole && !all ? <section className="panel"><Forbidden title={k('forbiddenScope', { scope: k(`scope_${me.scope}`) })} /></section> : children()}
    </Page>
  )
}
