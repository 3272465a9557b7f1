// The rules of the policy as they are, enforced or not, and a box to try a text against them.
import { Drawer } from 'antd'
import { useState } from 'react'
import type { PolicyRule } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { List, type Column, type Filter } from '../../kit/List'
import { RuleId, State, type Tone } from '../../kit/marks'
import { Facts, Page } from '../../kit/Page'
import { w } from './ruleWords'
import { HouseRules } from './HouseRules'
import { TryText } from './TryText'
import './governance.css'

const kinds: PolicyRule['kind'][] = ['content', 'frequency', 'conduct', 'privacy', 'identity']
const actions: PolicyRule['action'][] = ['suspend', 'block', 'review', 'warn', 'allow']
const standings: PolicyRule['standing'][] = ['enforced', 'in_part', 'not_yet']
const tones: Record<PolicyRule['standing'], Tone> = { enforced: 'ok', in_part: 'warn', not_yet: 'plain' }

export function Rules() {
  const t = useWords(w)
  const [open, setOpen] = useState<PolicyRule>()
  const filters: Filter[] = [
    { kind: 'one', key: 'kind', label: t('kind'), options: kinds.map((k) => ({ value: k, label: t(`k_${k}`) })) },
    { kind: 'one', key: 'action', label: t('action'), options: actions.map((a) => ({ value: a, label: t(`a_${a}`) })) },
    { kind: 'one', key: 'standing', label: t('standing'), options: standings.map((s) => ({ value: s, label: t(`s_${s}`) })) },
  ]
  const columns: Column<PolicyRule>[] = [
    { key: 'id', title: t('id'), render: (r) => <RuleId id={r.id} /> },
    { key: 'says', title: t('says'), render: (r) => <div><button type="button" className="linky" onClick={() => setOpen(r)}>{r.title}</button><div className="second s13">{r.reason}</div></div> },
    { key: 'kind', title: t('kind'), render: (r) => <span className="nowrap">{t(`k_${r.kind}`)}</span> },
    { key: 'action', title: t('action'), render: (r) => <span className="nowrap">{t(`a_${r.action}`)}</span> },
    { key: 'standing', title: t('standing'), render: (r) => <State tone={tones[r.standing]}>{t(`s_${r.standing}`)}</State> },
    { key: 'missing', title: t('missing'), render: (r) => <span className="second s13">{r.missing ?? '—'}</span> },
  ]
  return (
    <Page title={t('title')} meta={t('meta')}>
      <div className="stack" style={{ marginBottom: 16 }}><TryText /><HouseRules /></div>
      <List<PolicyRule> id="rules" path="/governance/rules" rowKey={(r) => r.id} columns={columns} filters={filters} search={t('search')} open={setOpen} empty={{ title: t('none'), text: t('noneText') }} />
      <Drawer open={open !== undefined} onClose={() => setOpen(undefined)} title={open && <span className="row"><RuleId id={open.id} />{open.title}</span>} size="large">{open && <One rule={open} />}</Drawer>
    </Page>
  )
}

function One({ rule: r }: { rule: PolicyRule }) {
  const t = useWords(w)
  return (
    <div className="stack">
      <p>{r.reason}</p>
      <Facts rows={[
        [t('kind'), t(`k_${r.kind}`)], [t('action'), t(`a_${r.action}`)],
        [t('standing'), <span className="row"><State tone={tones[r.standing]}>{t(`s_${r.standing}`)}</State><span className="mute s12">{t('version', { n: r.version })}</span></span>],
        ...(r.missing ? [[t('missing'), r.missing] as [string, string]] : []),
        [t('wayOut'), r.way_out], [t('appeal'), r.appeal],
      ]} />
      <section><h3 className="s13 b">{t('by')}</h3>{r.by.length > 0 ? <ul className="made">{r.by.map((x) => <li key={x}><code>{x}</code></li>)}</ul> : <p className="second s13">{t('nothing')}</p>}</section>
      {r.params !== undefined && <section><h3 className="s13 b">{t('params')}</h3><pre className="params">{JSON.stringify(r.params, null, 1)}</pre></section>}
      <section><h3 className="s13 b">{t('sources')}</h3><ul className="made">{r.sources.map((s) => <li key={s.id}>{s.name} <span className="mute s12">{t(`p_${s.provenance}`)} · {s.note}</span></li>)}</ul></section>
      {r.refused.length > 0 && <section><h3 className="s13 b">{t('refused')}</h3><ul className="made">{r.refused.map((x) => <li key={x}>{x}</li>)}</ul></section>}
      {r.licensed.length > 0 && <section><h3 className="s13 b">{t('licensed')}</h3><ul className="made">{r.licensed.map((x) => <li key={x.text}>{x.text} <span className="mute s12">{x.kind}</span></li>)}</ul></section>}
      {r.allowed.length > 0 && <section><h3 className="s13 b">{t('allowed')}</h3><ul className="made">{r.allowed.map((x) => <li key={x}>{x}</li>)}</ul></section>}
    </div>
  )
}
