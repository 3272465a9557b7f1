import { useLayoutEffect, useRef, useState } from 'react'

/** Whether a text that is cut after some lines has more of them. */
export function useFolds(text: string) {
  const box = useRef<HTMLParagraphElement>(null)
  const [folds, setFolds] = useState(false)
  useLayoutEffect(() => {
    const p = box.current
    setFolds(p !== null && p.scrollHeight > p.clientHeight + 1)
  }, [text])
  return [box, folds] as const
}
