// How long data is kept. What goes tonight is counted by the server and said before anything is changed.
import { Button, Form, InputNumber } from 'antd'
import { useAct, useInvalidate } from '../../api/queries'
import { useCan, useMe } from '../../api/session'
import type { ApiError } from '../../api/client'
import type { Periods, PeriodsReach, PrivacyRegister } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useAtForm } from '../../kit/atField'
import { useSaid } from '../../kit/fail'
import { RuleId } from '../../kit/marks'
import { Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { w } from './words'

const fields = ['contact', 'words', 'record', 'evidence'] as const

export function PeriodsCard({ register: r }: { register: PrivacyRegister }) {
  const t = useWords(w)
  const f = useFormat()
  const me = useMe()
  const may = useCan()('retention.write') && me.scope === 'all'
  return (
    <Panel title={t('periods')} sub={r.version === 0 ? t('asTheyCome') : t('version', { n: r.version })} actions={<RuleId id="LAW-06" />} className="periods">
      <p className="s12 mute" style={{ marginBottom: 12 }}>{r.ends_from ? t('endsFrom', { day: f.date(r.ends_from) }) : t('nightly')}{!may && ` ${t('ownersOnly')}`}</p>
      {may ? <Edit register={r} /> : <ul className="stack" style={{ gap: 10 }}>{fields.map((x) => <li key={x}><p className="s13">{t(`p_${x}`)} <b>{r.periods[x]}</b> {t('days')}</p><p className="s12 mute">{t(`p_${x}Text`)}</p></li>)}</ul>}
    </Panel>
  )
}

function Edit({ register: r }: { register: PrivacyRegister }) {
  const t = useWords(w)
  const ask = useReach()
  const said = useSaid()
  const invalidate = useInvalidate()
  const [form] = Form.useForm<Periods>()
  const shown = Form.useWatch([], form) as Partial<Periods> | undefined
  const changed = shown !== undefined && fields.some((x) => shown[x] !== r.periods[x])
  const atForm = useAtForm(form)
  // Somebody else's change comes back with the refusal: it is read, and shown instead of ours.
  const failed = (error: ApiError) => { atForm(error); if (error.status === 409) void invalidate('/privacy/register') }
  const save = useAct<unknown, Periods>({ method: 'PUT', path: '/privacy/periods', body: (v) => ({ ...v, version: r.version }), touches: ['/privacy'], failed, done: () => said(t('periodsSet')) })
  const look = useAct<PeriodsReach, Periods>({
    method: 'POST', path: '/privacy/periods/reach', body: (v) => v, failed,
    got: (found, v) => ask({
      reach: t(found.over.length > 0 ? 'reachSome' : 'reachNone'), button: t('setPeriods'), danger: found.over.length > 0,
      // Not waited for: the question closes, and what is refused stands at its field, or was changed by somebody else meanwhile.
      act: () => save.mutate(v),
      also: <>{found.over.length > 0 && <ul className="bullets" style={{ marginBottom: 8 }}>{found.over.map((o) => <li key={`${o.table ?? ''}${o.what}`}><Over of={o} /></li>)}</ul>}{t('reachAlso')}</>,
    }),
  })
  return (
    <Form form={form} layout="vertical" requiredMark={false} initialValues={r.periods} onFinish={(v) => look.mutate(v)}>
      {fields.map((x) => (
        <Form.Item key={x} name={x} label={t(`p_${x}`)} extra={t(`p_${x}Text`)} rules={[{ required: true, message: t('needed') }]}><InputNumber precision={0} controls={false} suffix={t('days')} style={{ width: 130 }} /></Form.Item>
      ))}
      <Button type="primary" htmlType="submit" disabled={!changed} loading={look.isPending || save.isPending}>{t('look')}</Button>
    </Form>
  )
}

function Over({ of: o }: { of: PeriodsReach['over'][number] }) {
  const t = useWords(w)
  if (!o.table) return <>{t(o.more ? 'reachPersonsMore' : 'reachPersons', { n: o.n })}</>
  const title = o.title ?? o.table
  return <>{t(o.more ? `over_${o.what}More` : `over_${o.what}`, { title, n: o.n })}</>
}
