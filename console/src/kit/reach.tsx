// Dangerous acts: how far it reaches is counted now and said before the question; the button says verb and number.
import { App } from 'antd'
import { useCallback, type ReactNode } from 'react'
import { useWords } from '../i18n/i18n'
import { w } from './words'

export interface Reach {
  /** The sentence of reach, first. */
  reach: ReactNode
  /** What cannot be undone, and who will know. */
  also?: ReactNode
  /** Verb and number, never "OK". */
  button: string
  /** Red only where something is destroyed. */
  danger?: boolean
  act: () => Promise<unknown> | void
}

export function useReach(): (ask: Reach) => void {
  const { modal } = App.useApp()
  const t = useWords(w)
  return useCallback((ask) => {
    modal.confirm({
      icon: null, width: 440, centered: true, title: ask.reach, content: ask.also && <div className="s13 second">{ask.also}</div>,
      okText: ask.button, cancelText: t('cancel'), autoFocusButton: 'cancel', okButtonProps: { danger: ask.danger ?? false },
      // A failed act leaves the question open; its error was shown by the error path.
      onOk: async () => { await ask.act() },
    })
  }, [modal, t])
}
