// A mass message to customers ends with a line that the platform adds: where they say that they want no more.
import { bytes } from '../../i18n/format'

/** The text as customers get it. */
export const closed = (text: string, closing = '') => [text, closing].filter(Boolean).join('\n')

/** How many bytes of the text the line leaves. */
export const room = (limit: number, closing = '') => limit - (closing ? bytes(`\n${closing}`) : 0)
