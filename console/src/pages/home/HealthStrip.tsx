// Health in words: token, callbacks, sync, quota, queue.
import type { Health, Light } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Icon } from '../../kit/Icon'
import { w } from './words'

export function HealthStrip({ health: h }: { health: Health }) {
  const t = useWords(w)
  const f = useFormat()
  const left = h.token.expires_at ? (Date.parse(h.token.expires_at) - corpNow()) / 1000 : Number.NaN
  const rows: [string, Light, string, string][] = [
    [t('token'), h.token.state, left > 0 ? t('tokenLeft', { t: f.duration(left) }) : h.token.state === 'ok' ? t('tokenFine') : (h.token.detail ?? ''), '/settings/doctor'],
    [t('callback'), h.callback.state, t('callbackNote', { s: (h.callback.lag_p95_ms / 1000).toFixed(1), n: h.callback.backlog }), '/settings/doctor'],
    [t('syncH'), h.sync.state, h.sync.expected > 0 ? `${f.count(h.sync.read)} / ${f.count(h.sync.expected)}` : (h.sync.detail ?? ''), '/settings/sync'],
    [t('quota'), h.quota.state, t('quotaNote', { a: h.quota.used_max, b: h.quota.limit }), '/broadcasts'],
    [t('queue'), h.queue.state, t('queueNote', { a: h.queue.pending, b: h.queue.dead }), '/settings/dead-letters'],
  ]
  const tones: Record<Light, string> = { ok: 'pine', warn: 'warn', error: 'bad' }
  return (
    <section className="panel health" aria-label={t('health')}>
      {rows.map(([name, state, note, to]) => (
        <A key={name} to={to} style={{ color: 'inherit' }}>
          <p className="s12 mute">{name}</p>
          <p><span className={tones[state]}><Icon name={state === 'ok' ? 'check' : state === 'warn' ? 'warn' : 'cross'} size={14} /></span><b className={state === 'ok' ? '' : tones[state]}>{t(state)}</b><span className="mute s12">{note}</span></p>
        </A>
      ))}
    </section>
  )
}
