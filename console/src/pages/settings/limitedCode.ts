/** The errcode in what somebody typed or pasted: a number, or an answer of WeCom's with one. 0 means success and is none. */
export function limitedCode(text: string): number | undefined {
  const found = /^\s*(-?\d{1,9})\s*$/.exec(text) ?? /errcode["'\s]*[:=]?\s*(-?\d{1,9})(?!\d)/i.exec(text)
  const code = found ? Number(found[1]) : 0
  return code === 0 ? undefined : code
}
