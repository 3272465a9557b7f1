// How figures, rates, changes and times are written, in both languages. Pure: the zone and "now" are arguments.
export type Lang = 'zh' | 'en'
export const none = '—'
const minus = '−'

/** Counts: whole below 100,000, then 12.3 万 / 1.24 亿 and 123K / 1.24M. */
export function count(n: number | null | undefined, lang: Lang): string {
  if (n === null || n === undefined || !Number.isFinite(n)) return none
  const sign = n < 0 ? minus : ''
  const size = Math.abs(n)
  if (size < 100_000) return sign + group(size)
  if (lang === 'zh') return sign + (size < 1e8 ? `${short(size / 1e4)} 万` : `${short(size / 1e8)} 亿`)
  if (size < 1e6) return sign + `${short(size / 1e3)}K`
  return sign + (size < 1e9 ? `${short(size / 1e6)}M` : `${short(size / 1e9)}B`)
}

/** The exact count, for hover texts and exports. */
export function exact(n: number | null | undefined): string {
  if (n === null || n === undefined || !Number.isFinite(n)) return none
  return (n < 0 ? minus : '') + group(Math.abs(n))
}

const group = (n: number) => n.toLocaleString('en-US', { maximumFractionDigits: 1 })
const short = (n: number) => String(Number(n >= 100 ? Math.floor(n) : n.toPrecision(3)))

/** A share between 0 and 1 as 11.4%. */
export function rate(share: number | null | undefined): string {
  return share === null || share === undefined || !Number.isFinite(share) ? none : `${(share * 100).toFixed(1)}%`
}

/** Harm per thousand: 1.5‰ in Chinese, 1.5 per 1,000 in English. */
export function perMille(harm: number, of: number, lang: Lang): string {
  if (of <= 0) return none
  const value = ((harm / of) * 1000).toFixed(1)
  return lang === 'zh' ? `${value}‰` : `${value} per 1,000`
}

/** Fen to yuan: ¥486.00, from 100,000 yuan shortened. */
export function money(fen: number, lang: Lang): string {
  const yuan = Math.abs(fen) / 100
  const sign = fen < 0 ? minus : ''
  const body = yuan >= 100_000 ? count(yuan, lang) : yuan.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
  return sign + (lang === 'zh' ? `¥${body}` : `CNY ${body}`)
}

/** A change: +8, −2, and a word for none. Never coloured: more is not better. */
export function change(delta: number | null | undefined, lang: Lang): string {
  if (delta === null || delta === undefined) return none
  if (delta === 0) return lang === 'zh' ? '持平' : 'no change'
  return delta > 0 ? `+${count(delta, lang)}` : count(delta, lang)
}

/** A change of a duration in seconds: 快 12 秒 / 12 s faster. */
export function faster(delta: number | null | undefined, lang: Lang): string {
  if (delta === null || delta === undefined) return none
  if (delta === 0) return change(0, lang)
  const size = duration(Math.abs(delta), lang)
  if (lang === 'zh') return delta < 0 ? `快 ${size}` : `慢 ${size}`
  return delta < 0 ? `${size} faster` : `${size} slower`
}

/** A duration as its two largest parts, as pairs of figure and unit so that a counter can draw the unit small. */
export function durationParts(seconds: number, lang: Lang): [figure: string, unit: string][] {
  const units = lang === 'zh' ? ['天', '小时', '分', '秒'] : ['d', 'h', 'min', 's']
  const s = Math.max(0, Math.round(seconds))
  const values = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60, s % 60]
  const first = values.findIndex((v) => v > 0)
  if (first < 0) return [['0', units[3] ?? '']]
  const parts: [string, string][] = []
  for (let i = first; i < Math.min(first + 2, 4); i++) {
    const value = values[i] ?? 0
    if (value > 0) parts.push([String(value), units[i] ?? ''])
  }
  return parts
}

export function duration(seconds: number | null | undefined, lang: Lang): string {
  if (seconds === null || seconds === undefined) return none
  return durationParts(seconds, lang).map(([figure, unit]) => `${figure} ${unit}`).join(' ')
}

interface Parts { year: string; month: string; day: string; hour: string; minute: string; weekday: string }
const formats = new Map<string, Intl.DateTimeFormat>()
function parts(at: Date, zone: string, locale: string): Parts {
  const key = `${locale} ${zone}`
  let f = formats.get(key)
  if (!f) {
    f = new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: locale === 'en-GB' ? 'short' : '2-digit', day: locale === 'en-GB' ? 'numeric' : '2-digit', hour: '2-digit', minute: '2-digit', weekday: 'short' })
    formats.set(key, f)
  }
  const out: Record<string, string> = {}
  for (const p of f.formatToParts(at)) out[p.type] = p.value
  return { year: out.year ?? '', month: (out.month ?? '').replace('Sept', 'Sep'), day: out.day ?? '', hour: out.hour ?? '', minute: out.minute ?? '', weekday: out.weekday ?? '' }
}

const localeOf = (lang: Lang) => (lang === 'zh' ? 'zh-CN' : 'en-GB')
const read = (at: string | Date): Date | null => {
  const d = at instanceof Date ? at : new Date(at)
  return Number.isNaN(d.getTime()) || d.getTime() <= 0 ? null : d
}

/** 14:32 */
export function clock(at: string | Date | null | undefined, lang: Lang, zone: string): string {
  const d = at ? read(at) : null
  if (!d) return none
  const p = parts(d, zone, localeOf(lang))
  return `${p.hour}:${p.minute}`
}

/** 11-20 14:32 / 20 Nov 14:32, with the year when it is not this one. */
export function moment(at: string | Date | null | undefined, lang: Lang, zone: string, now: Date = new Date()): string {
  const d = at ? read(at) : null
  if (!d) return none
  return `${date(d, lang, zone, now)} ${clock(d, lang, zone)}`
}

/** 11-20 / 20 Nov, with the year when it is not this one. */
export function date(at: string | Date | null | undefined, lang: Lang, zone: string, now: Date = new Date()): string {
  const d = at ? read(at) : null
  if (!d) return none
  const p = parts(d, zone, localeOf(lang))
  const sameYear = p.year === parts(now, zone, localeOf(lang)).year
  if (lang === 'zh') return sameYear ? `${p.month}-${p.day}` : `${p.year}-${p.month}-${p.day}`
  return sameYear ? `${p.day} ${p.month}` : `${p.day} ${p.month} ${p.year}`
}

/** 11月20日（周五） / Fri 20 Nov */
export function longDate(at: string | Date | null | undefined, lang: Lang, zone: string): string {
  const d = at ? read(at) : null
  if (!d) return none
  const p = parts(d, zone, localeOf(lang))
  return lang === 'zh' ? `${Number(p.month)}月${Number(p.day)}日（${p.weekday}）` : `${p.weekday} ${p.day} ${p.month}`
}

/** The calendar day of an instant as the API names it: 2026-11-20. */
export function isoDay(at: Date, zone: string): string {
  const p = parts(at, zone, 'zh-CN')
  return `${p.year}-${p.month}-${p.day}`
}

/** The instant at which a day (2026-11-20) begins in a zone, `plus` days later. */
export function dayStart(day: string, zone: string, plus = 0): string {
  const noon = new Date(`${day}T12:00:00Z`)
  if (Number.isNaN(noon.getTime())) return ''
  noon.setUTCDate(noon.getUTCDate() + plus)
  const wanted = noon.toISOString().slice(0, 10)
  // Midnight of the zone is midnight UTC minus its offset on that day; the offset is what the zone's clock shows at noon UTC.
  const p = parts(noon, zone, 'zh-CN')
  const shown = Date.parse(`${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}:00Z`)
  return new Date(Date.parse(`${wanted}T00:00:00Z`) - (shown - noon.getTime())).toISOString()
}

/** The nearest way to say it: today 14:32, else 11-20 14:32. */
export function when(at: string | Date | null | undefined, lang: Lang, zone: string, now: Date = new Date()): string {
  const d = at ? read(at) : null
  if (!d) return none
  return date(d, lang, zone, now) === date(now, lang, zone, now) ? clock(d, lang, zone) : moment(d, lang, zone, now)
}

/** WeCom counts text in UTF-8 bytes: a Han character is 3, an emoji 4. */
export function bytes(text: string): number {
  return new TextEncoder().encode(text).length
}
