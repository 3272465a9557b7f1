// Copy a text and say so. Pages served without TLS have no clipboard API; there the old way is used.
import { useCallback } from 'react'
import { useWords } from '../i18n/i18n'
import { useSaid } from './fail'
import { w } from './words'

export function useCopy(): (text: string) => void {
  const t = useWords(w)
  const said = useSaid()
  return useCallback((text) => {
    void write(text).then(() => said(t('copied')))
  }, [t, said])
}

async function write(text: string) {
  if (navigator.clipboard) { await navigator.clipboard.writeText(text); return }
  const box = document.createElement('textarea')
  box.value = text
  box.style.position = 'fixed'
  document.body.append(box)
  box.select()
  document.execCommand('copy')
  box.remove()
}
