// Shown instead of everything when not even the session can be read.
import { Button } from 'antd'
import type { ApiError } from '../api/client'
import { useWords } from '../i18n/i18n'
import { w } from './words'

export function Unreachable({ error, retry }: { error: ApiError; retry: () => void }) {
  const t = useWords(w)
  return (
    <div className="state error" role="alert" style={{ minHeight: '80vh', alignContent: 'center' }}>
      <h2>{error.status === 0 ? t('unreachable') : t('loadFailed')}</h2>
      <p>{error.message || t('unreachableWhat')}</p>
      {error.ref && <span className="ref">{t('ref', { ref: error.ref })}</span>}
      <div className="does"><Button onClick={retry}>{t('retry')}</Button></div>
    </div>
  )
}
