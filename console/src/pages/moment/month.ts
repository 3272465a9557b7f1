// Months as the address names them, 2026-11, and the days of their weeks, from Monday on.
const day = (year: number, month: number, date: number) => new Date(Date.UTC(year, month - 1, date)).toISOString().slice(0, 10)
const split = (month: string): [year: number, month: number] => [Number(month.slice(0, 4)), Number(month.slice(5, 7))]

export const isMonth = (text: string) => /^20\d\d-(0[1-9]|1[0-2])$/.test(text)

export function monthAfter(month: string, by: number): string {
  const [y, m] = split(month)
  return day(y, m + by, 1).slice(0, 7)
}

/** The weeks that a month touches, each of seven days. */
export function weeksOf(month: string): string[][] {
  const [y, m] = split(month)
  const first = new Date(Date.UTC(y, m - 1, 1)).getUTCDay()
  const before = (first + 6) % 7
  const length = new Date(Date.UTC(y, m, 0)).getUTCDate()
  return Array.from({ length: Math.ceil((before + length) / 7) }, (_, week) => Array.from({ length: 7 }, (__, i) => day(y, m, 1 - before + week * 7 + i)))
}
