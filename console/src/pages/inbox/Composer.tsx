// Reply or private note. Shows what is left of the 48 hours and 5 messages, and locks at nothing left. A retry carries the same key,
// so that nothing is sent twice.
import { Button, Input } from 'antd'
import type { TextAreaRef } from 'antd/es/input/TextArea'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { useAct } from '../../api/queries'
import type { Session } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { Icon } from '../../kit/Icon'
import { useNow } from '../../kit/useNow'
import { w } from './words'

export type ReadOnly = 'role' | 'wecom' | 'ended' | 'notMine' | undefined

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')

export function Composer({ session: s, path, readOnly, onSent }: { session: Session; path: string; readOnly: ReadOnly; onSent: () => void }) {
  const t = useWords(w)
  const f = useFormat()
  const now = useNow(30_000)
  const box = useRef<TextAreaRef>(null)
  const key = useRef(newKey())
  const [mode, setMode] = useState<'reply' | 'note'>('reply')
  const [text, setText] = useState('')
  const note = mode === 'note'
  const done = () => { key.current = newKey(); setText(''); onSent() }
  const reply = useAct({ method: 'POST', path: `${path}/messages`, body: () => ({ text, key: key.current }), done })
  const jot = useAct({ method: 'POST', path: `${path}/note`, body: () => ({ text }), done })
  const seconds = s.window.closes_at ? (Date.parse(s.window.closes_at) - now) / 1000 : 0
  const shut = !s.window.open && s.window.why && readOnly === undefined ? s.window.why : readOnly === 'wecom' ? t('wecomDesk') : readOnly === 'ended' ? t('shutEnded') : readOnly === 'notMine' ? t('notMine') : s.window.left_messages <= 0 ? t('shutCount') : !s.window.open || seconds <= 0 ? t('shutTime') : ''
  const busy = reply.isPending || jot.isPending
  const send = () => { if (text.trim() && !busy && (note || !shut)) { if (note) jot.mutate(); else reply.mutate() } }
  const press = useEffectEvent((e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey || (e.target as HTMLElement).closest('input,textarea,select,[contenteditable],[role=dialog]')) return
    if (e.key !== 'r' && e.key !== 'n') return
    e.preventDefault()
    setMode(e.key === 'n' ? 'note' : 'reply')
    box.current?.focus()
  })
  useEffect(() => {
    const listen = (e: KeyboardEvent) => press(e)
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])
  if (readOnly === 'role') return null
  return (
    <div className={`composer ${note ? 'noting' : ''}`}>
      <div className="tabs">
        <button type="button" className={note ? '' : 'on'} onClick={() => setMode('reply')}>{t('reply')}</button>
        <button type="button" className={note ? 'on' : ''} onClick={() => setMode('note')}>{t('note')}</button>
        {!note && !shut && <span className="push s12">{t.rich('left', { n: s.window.left_messages, t: f.duration(seconds) })}</span>}
      </div>
      {!note && shut ? <p className="note plain" style={{ margin: '8px 0' }}><Icon name="lock" size={14} /><span>{shut}</span></p> : (
        <>
          <Input.TextArea
            ref={box} value={text} autoSize={{ minRows: 2, maxRows: 8 }} maxLength={note ? 1000 : 2048} placeholder={note ? t('noteHint') : t('replyHint')} aria-label={note ? t('noteHint') : t('replyHint')}
            onChange={(e) => setText(e.target.value)}
            onKeyDown={(e) => { if (e.key === 'Enter' && !e.shiftKey && !e.nativeEvent.isComposing) { e.preventDefault(); send() } if (e.key === 'Escape') e.currentTarget.blur() }}
          />
          <div className="foot-row">{reply.error && <span className="bad s12">{t('keep')}</span>}<Button className="push" type="primary" loading={busy} disabled={!text.trim()} onClick={send}>{note ? t('addNote') : t('send')}</Button></div>
        </>
      )}
    </div>
  )
}
