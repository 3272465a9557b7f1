// Try a sentence against the saved rules: which answers, and why each of the others does not.
import { Input, Select } from 'antd'
import { useState } from 'react'
import type { AutoreplyTry } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { useAccountOptions } from '../../kit/options'
import { Panel } from '../../kit/Page'
import { Failed } from '../../kit/states'
import { useChecked } from '../../kit/useChecked'
import { w } from './words'

export function TryPanel() {
  const t = useWords(w)
  const accounts = useAccountOptions()
  const [text, setText] = useState('')
  const [account, setAccount] = useState<string>()
  const chosen = account ?? accounts[0]?.value ?? ''
  const tried = useChecked<AutoreplyTry>('/autoreplies/try', text.trim() ? { text, open_kfid: chosen } : null)
  const result = text.trim() ? tried.data : undefined
  return (
    <Panel title={t('tryTitle')}>
      <div className="stack" style={{ gap: 10 }}>
        <Input.TextArea rows={2} value={text} onChange={(e) => setText(e.target.value)} placeholder={t('tryHint')} aria-label={t('tryHint')} />
        {accounts.length > 1 && <Select options={accounts} value={chosen} onChange={setAccount} aria-label={t('accounts')} />}
        {tried.error && !result && <Failed error={tried.error} />}
        {result && (
          <div aria-live="polite">
            {result.matched ? <p className="pine b row" style={{ gap: 5 }}><Icon name="check" size={14} />{t('tryMatched', { name: result.matched.name })}</p> : <p className="second">{t('tryNone')}</p>}
            {result.answer && <p className="note plain s13" style={{ marginTop: 8, whiteSpace: 'pre-wrap' }}>{result.answer}</p>}
            <h3 className="s12 mute" style={{ fontWeight: 400, marginTop: 12 }}>{t('tryWhy')}</h3>
            <ul className="s13">{result.why.map((x) => <li key={x.id} style={{ padding: '5px 0', borderBottom: '1px solid var(--line2)' }}><div className="row"><A to={`/autoreplies/${encodeURIComponent(x.id)}`}>{x.name}</A><span className={`push ${x.matched ? 'pine b' : 'mute'}`}>{x.matched ? t('yes') : t('no')}</span></div><div className="mute s12">{x.why}</div></li>)}</ul>
          </div>
        )}
        <p className="mute s12">{t('tryNote')}</p>
      </div>
    </Panel>
  )
}
