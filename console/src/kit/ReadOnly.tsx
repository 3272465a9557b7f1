// What a form shows to somebody who may read it but not change it: every control of it is disabled.
import { ConfigProvider } from 'antd'
import type { ReactNode } from 'react'

export function ReadOnly({ when, children }: { when: boolean; children: ReactNode }) {
  return <ConfigProvider componentDisabled={when}><fieldset disabled={when} style={{ display: 'contents' }}>{children}</fieldset></ConfigProvider>
}
