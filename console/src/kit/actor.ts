// Who did something, in words: a person's name stays, a program's token and the platform's own acts are said.
import { useWords } from '../i18n/i18n'
import { w } from './words'

export function useActor(): (name: string | undefined) => string {
  const t = useWords(w)
  return (name) => {
    if (!name) return '—'
    if (name.startsWith('token:')) return t('byToken', { name: name.slice('token:'.length) })
    if (name === 'customer') return t('byCustomer')
    return name === 'wecom' || name === 'ladder' || name === 'welcome' || name === 'kf' || name === 'autoreply' ? t(`by_${name}`) : name
  }
}
