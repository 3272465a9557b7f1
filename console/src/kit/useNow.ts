import { useEffect, useState } from 'react'
import { corpNow } from '../i18n/clock'

/** The corp's time, renewed every `every` milliseconds. */
export function useNow(every: number): number {
  const [now, setNow] = useState(corpNow)
  useEffect(() => {
    const id = setInterval(() => setNow(corpNow()), every)
    return () => clearInterval(id)
  }, [every])
  return now
}
