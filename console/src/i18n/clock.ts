// The corp's clock. It is the server's word for now, which in a sandbox can be another day and run faster; the browser's clock only
// carries it from one answer to the next.
let ahead = 0

/** Takes the server's now, as the session tells it. */
export function setCorpNow(at: string | undefined) {
  const ms = Date.parse(at ?? '')
  if (Number.isFinite(ms)) ahead = ms - Date.now()
}

export const corpNow = (): number => Date.now() + ahead
