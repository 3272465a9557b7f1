// One error path for writes: a notice with what happened and the reference, said to screen readers at once.
import { App } from 'antd'
import { useCallback } from 'react'
import type { ApiError } from '../api/client'
import { useWords } from '../i18n/i18n'
import { w } from './words'

export function useFail(): (error: ApiError) => void {
  const { notification } = App.useApp()
  const t = useWords(w)
  return useCallback((error) => {
    const lost = error.status === 0
    notification.error({
      title: lost ? t('unreachable') : t('errorTitle'), role: 'alert', duration: 8, placement: 'topRight',
      description: <>
        <div>{lost ? t('loadSafe') : error.message}</div>
        {error.fields.filter((f) => f.message !== error.message).map((f) => <div key={f.location} className="s13">{f.message}</div>)}
        {error.ref && <div className="rule">{t('ref', { ref: error.ref })}</div>}
      </>,
    })
  }, [notification, t])
}

/** A short "stored" beside the page; nothing that must be read later. */
export function useSaid() {
  const { message } = App.useApp()
  return useCallback((text: string) => void message.success(text), [message])
}
