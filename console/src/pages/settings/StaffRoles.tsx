// Staff, and what each may do and see.
import { Select } from 'antd'
import { useAct } from '../../api/queries'
import { useCan } from '../../api/session'
import type { Role, Scope, Staff } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useSaid } from '../../kit/fail'
import { List, type Column } from '../../kit/List'
import { Avatar, State } from '../../kit/marks'
import { useDepartmentOptions } from '../../kit/options'
import { Facts, Page, Panel } from '../../kit/Page'
import { useReach } from '../../kit/reach'
import { w as kit } from '../../kit/words'
import { Capacity, filled } from './Capacity'
import { Limited, useLimited } from './Limited'
import { w as limitedWords } from './limitedWords'
import { SharedLogins } from './SharedLogins'
import { w } from './words'

const roles: Role[] = ['owner', 'manager', 'operator', 'staff', 'auditor']
const scopes: Scope[] = ['own', 'department', 'all']

export function StaffRoles() {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const ask = useReach()
  const said = useSaid()
  const may = useCan()('staff.write')
  const l = useWords(limitedWords)
  const limited = useLimited()
  const departments = useDepartmentOptions()
  const names = new Map(departments.map((d) => [d.value, d.label]))
  const save = useAct<Staff, { id: string; role: Role; scope: Scope }>({ method: 'PATCH', path: (v) => `/staff/${encodeURIComponent(v.id)}`, body: ({ role, scope }) => ({ role, scope }), touches: ['/staff'], done: () => said(t('roleDone')) })
  const change = (s: Staff, role: Role) => ask({ reach: t('roleReach', { name: s.name, role: k(`role_${role}`) }), also: t('roleAlso'), button: t('roleButton'), act: () => save.mutateAsync({ id: s.id, role, scope: s.scope ?? 'own' }) })
  const columns: Column<Staff>[] = [
    { key: 'name', title: t('name'), render: (s) => <span className="row"><Avatar name={s.name} /><span>{s.name}</span>{!s.active && <State tone="plain">{t('left')}</State>}{limited.has(s.id) && <State tone="held">{l('limited')}</State>}</span> },
    { key: 'department', title: t('department'), render: (s) => f.list((s.departments ?? []).flatMap((d) => names.get(d) ?? [])) || '—' },
    { key: 'position', title: t('position'), render: (s) => s.position || '—' },
    { key: 'contact', title: t('contact'), render: (s) => (s.contact ? t('contactOn') : <span className="mute">{t('contactOff')}</span>) },
    { key: 'customers', title: t('customers'), num: true, render: (s) => <A to={`/customers?staff=${encodeURIComponent(s.id)}`}>{filled(s.customers, s.capacity) === 'plain' ? f.count(s.customers) : <State tone={filled(s.customers, s.capacity)}>{t('customersOf', { n: f.count(s.customers), most: f.count(s.capacity) })}</State>}</A> },
    // Only owners are told who may do what; to others these columns would say that nobody has a role.
    ...(may ? [{ key: 'role', title: t('role'), render: (s: Staff) => <Select size="small" style={{ width: 116 }} value={s.role || undefined} placeholder={t('noRole')} aria-label={t('role')} onChange={(role: Role) => change(s, role)} options={roles.map((r) => ({ value: r, label: k(`role_${r}`) }))} /> },
    { key: 'scope', title: t('scope'), render: (s: Staff) => (!s.role ? <span className="mute">—</span> : <Select size="small" style={{ width: 136 }} value={s.scope ?? 'own'} aria-label={t('scope')} onChange={(scope: Scope) => save.mutate({ id: s.id, role: s.role ?? 'staff', scope })} options={scopes.map((x) => ({ value: x, label: k(`scope_${x}`) }))} />) }] : []),
  ]
  return (
    <Page title={t('staff')} meta={t('staffMeta')}>
      <div className="editor2">
        <List<Staff> id="staff" path="/staff" rowKey={(s) => s.id} columns={columns} search={t('searchStaff')} filters={[...(departments.length > 0 ? [{ kind: 'one' as const, key: 'department', label: t('department'), options: departments }] : []), { kind: 'one', key: 'active', label: t('active'), options: [{ value: 'true', label: t('active') }, { value: 'false', label: t('left') }] }]} empty={{ title: t('noStaff'), text: t('noStaffText') }} />
        <div className="aside stack"><SharedLogins /><Limited /><Capacity /><Panel title={t('rolesTitle')}><Facts rows={roles.map((r): [string, string] => [k(`role_${r}`), t(`rd_${r}`)])} /></Panel></div>
      </div>
    </Page>
  )
}
