// The word in a text that stands for a link to the history page of Moments, each customer's own. The server fills it in when it sends.
import { basePath } from '../api/client'

export const pageMark = '{历史页}'

/** The word that stands for the name of the member who sends. */
export const staffMark = '{员工}'

/** Puts a mark into a text at a place. */
export const insertAt = (text: string, mark: string, at: number) => text.slice(0, at) + mark + text.slice(at)

/** The text as a customer sees it, with an address and a name in place of the marks. */
export const seen = (text: string, base = location.origin + basePath(), name = '…') => text.replaceAll(staffMark, name).replaceAll(pageMark, `${base.replace(/\/$/, '')}/p/moments/…`)
