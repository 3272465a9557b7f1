// Made-up answers for looking at pages while developing. Never imported by the app.
import type * as T from '../src/api/types'

const fruit = ['青柠', '红山楂', '白桃', '紫葡萄', '黄杏', '橙柚', '绿梅', '粉荔', '蓝莓', '金桔']
const store = ['桐花里店', '南塘店', '望江店', '月河店', '青石店', '河坊店']
let seed = 7
const rnd = () => { seed = (seed * 1103515245 + 12345) & 0x7fffffff; return seed / 0x7fffffff }
const int = (n: number) => Math.floor(rnd() * n)
const pick = <X>(a: X[]): X => a[int(a.length)]!
const now = Date.now()
const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString()
const staffName = (n: number) => `S${String(n).padStart(2, '0')}`
const staff: T.Staff[] = Array.from({ length: 40 }, (_, i) => ({ id: `s${i + 1}`, name: staffName(i + 1), departments: [`d${(i % 6) + 2}`], position: i % 7 === 0 ? '店长' : '护肤顾问', active: i !== 30, contact: i % 9 !== 8, customers: 40 + int(60), role: i === 0 ? 'owner' : i === 2 ? 'manager' : 'staff', scope: i === 0 ? 'all' : i === 2 ? 'department' : 'own' }))
const ref = (s: T.Staff): T.Named => ({ id: s.id, name: s.name })
const tagGroups: T.TagGroup[] = [
  { id: 'g1', name: '肤质', tags: ['干皮', '油皮', '混合皮', '敏感肌', '屏障弱'].map((name, i) => ({ id: `t${i}`, name, customers: 300 + int(600) })) },
  { id: 'g2', name: '关系', tags: ['会员', '新客', '空瓶', '试用装'].map((name, i) => ({ id: `u${i}`, name, customers: 200 + int(900) })) },
]
const tags = tagGroups.flatMap((g) => g.tags)
const budget = (): T.Budget => {
  const week = int(4)
  const windows = [{ rule_id: 'FTG-01', days: 1, cap: 1, used: week > 2 ? 1 : 0 }, { rule_id: 'FTG-01', days: 7, cap: 3, used: week }, { rule_id: 'FTG-01', days: 30, cap: 8, used: Math.min(8, week + int(4)) }]
  return { windows, full: week >= 3, ...(week >= 3 ? { next_at: ago(-60 * 19) } : {}) }
}
const customers: T.Customer[] = Array.from({ length: 486 }, (_, i) => {
  const s = pick(staff)
  return {
    id: `wm${1000 + i}`, name: `${pick(fruit)} ${String((i * 7) % 100).padStart(2, '0')}`, avatar: '', gender: 'unknown', type: i % 23 === 0 ? 'wecom' : 'wechat', corp_name: '', state: i % 17 === 5 ? 'lost' : 'live',
    added_at: ago(i * 97 + 12), staff: [{ ...ref(s), state: 'live' }], tags: [pick(tags), pick(tags)].filter((t, j, a) => a.indexOf(t) === j), source: { add_way: '1', label: '扫码', channel: { id: 'c1', name: `${pick(store)}收银台` } },
    groups: int(3), budget: budget(), optout: { state: i % 19 === 6 ? 'all' : 'none', since: ago(4000) },
  }
})
const cref = (c: T.Customer): T.Named => ({ id: c.id, name: c.name })
const qr = 'data:image/svg+xml,' + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 25 25" shape-rendering="crispEdges"><rect width="25" height="25" fill="#fff"/>${Array.from({ length: 300 }, () => `<rect x="${2 + int(21)}" y="${2 + int(21)}" width="1" height="1"/>`).join('')}<path d="M2 2h7v7H2zM16 2h7v7h-7zM2 16h7v7H2z"/><path fill="#fff" d="M3 3h5v5H3zM17 3h5v5h-5zM3 17h5v5H3z"/><path d="M4 4h3v3H4zM18 4h3v3h-3zM4 18h3v3H4z"/></svg>`)
const contactways: T.Contactway[] = store.map((s, i) => ({ id: `c${i + 1}`, config_id: `cfg${i}`, name: `${s}收银台`, state: `st${i}`, staff: staff.slice(i * 2, i * 2 + 2).map(ref), departments: [], skip_verify: true, remark: '收银台立牌', qr_code: qr, tags: [tags[i]!], welcome_id: i < 2 ? 'w2' : undefined, customers: 120 + int(400), created_at: ago(60 * 24 * 40), enabled: i !== 5 }))
const text = '你好，我是花间集的护肤顾问。\n\n你的肤质、过敏史可以直接发我，也可以到店免费测一次皮肤含水量。\n\n平时一周最多打扰你一次。不想再收到护肤提醒，回复“退订”。'
const welcomes: T.Welcome[] = [
  { id: 'w1', name: '默认欢迎语', scope: { kind: 'default' }, text, attachments: [], enabled: true, priority: 100, sent: 2140 },
  { id: 'w2', name: '收银台扫码', scope: { kind: 'contactway', contactway_ids: ['c1', 'c2'] }, text: text.replace('你好', '欢迎到店'), attachments: [{ type: 'link', link: { title: '到店测肤预约', url: 'https://example.com/book', desc: '10 分钟，免费' } }], hours: [{ from: '09:00', to: '21:00', weekdays: [1, 2, 3, 4, 5, 6, 7] }], enabled: true, priority: 10, sent: 861 },
]
const groups: T.Groupchat[] = Array.from({ length: 25 }, (_, i) => ({ id: `wr${i}`, name: `${store[i % 6]}${pick(['换季护理群', '会员群', '新客群'])} ${i + 1}`, owner: ref(staff[i]!), members: 80 + int(120), customers: 70 + int(100), created_at: ago(60 * 24 * (10 + i * 3)), notice: '每周三晚八点答疑，其他时间不刷屏。', state: i === 24 ? 'dismissed' : 'live', joined_today: int(5), left_today: int(2) }))
const joinways: T.Joinway[] = ['桐花里换季护理', '新客答疑'].map((name, i) => ({ id: `j${i}`, config_id: `jc${i}`, name, remark: '', rooms: groups.slice(i * 3, i * 3 + 3).map((g, k) => ({ chat_id: g.id, name: g.name, members: k === 0 ? 200 : 80 + int(90), limit: 200, full: k === 0 })), auto_create_room: true, room_base_name: name, room_base_id: 4, state: `js${i}`, qr_code: qr, page_url: `/p/groups/j${i}`, joined: 180 + int(80), room_left: 204 - i * 80 }))
const autoreplies: T.Autoreply[] = [
  { id: 'a1', name: '退换货', enabled: true, priority: 10, kf_accounts: ['kf1', 'kf2'], patterns: [{ kind: 'contains', value: '退货' }, { kind: 'pinyin', value: 'tuihuo' }, { kind: 'regex', value: '(退|换)(货|款)' }], answer: { kind: 'text', text: '开封 30 天内不适可以退换，请告诉我订单号或购买门店。' }, matched: 218 },
  { id: 'a2', name: '进群', enabled: true, priority: 20, kf_accounts: ['kf1'], patterns: [{ kind: 'exact', value: '进群' }, { kind: 'contains', value: '加群' }], answer: { kind: 'joinway', joinway_id: 'j0', as: 'page' }, matched: 96 },
  { id: 'a3', name: '找人工', enabled: true, priority: 1, kf_accounts: [], patterns: [{ kind: 'exact', value: '人工' }], answer: { kind: 'handoff' }, matched: 41 },
]
const accounts: T.KfAccount[] = [{ id: 'kf1', name: '花间集客服', avatar: '', desk: 'console', servicers: staff.slice(0, 4).map(ref), link: 'https://work.weixin.qq.com/kfid/kf1', greeting: '您好，我是花间集的智能助手。' }, { id: 'kf2', name: '售后服务', avatar: '', desk: 'wecom', servicers: staff.slice(4, 7).map(ref), link: '', greeting: '' }]
const sessionStates: T.SessionState[] = ['human', 'waiting', 'waiting', 'bot', 'bot', 'human', 'ended', 'ended']
const words = ['那我下午去门店换可以吗？', '转人工', '乳霜开封多久要用完', '[图片] 这个泵头按不出来', '谢谢，收到了', '好的', '想问下会员日是几号', '您好']
const sessions: T.Session[] = sessionStates.map((state, i) => ({ id: `k${i}`, account: { id: i % 3 ? 'kf1' : 'kf2', name: i % 3 ? '花间集客服' : '售后服务' }, customer: { ...cref(customers[i * 3]!), avatar: '' }, state, wecom_state: 1, ...(state === 'human' ? { agent: ref(staff[i]!) } : {}), last: { at: ago(i * 9 + 1), text: words[i]!, from: i % 3 === 1 ? 'bot' : 'customer' }, ...(state === 'waiting' ? { waiting_since: ago(i * 4) } : {}), window: { closes_at: ago(-60 * 47), left_messages: i === 0 ? 4 : 5, open: state !== 'ended' }, unread: i === 1 ? 2 : 0 }))
const messages: T.Message[] = [
  { id: 'm1', at: ago(22), from: 'customer', type: 'text', text: '上周买的修护乳霜用了脸有点红，能退吗', state: 'received' },
  { id: 'm2', at: ago(22), from: 'bot', type: 'text', text: '您好，我是花间集的智能助手。\n用后发红请先停用，清水洗净。开封 30 天内不适可以退换，请告诉我订单号或购买门店。', rule: { id: 'a1', name: '退换货' }, touch_id: 'to1', state: 'sent' },
  { id: 'm3', at: ago(20), from: 'customer', type: 'text', text: '没有订单号，朋友代买的，找人工吧', state: 'received' },
  { id: 'm4', at: ago(20), from: 'system', type: 'event', text: '机器人 → 待接入，客户要求人工', state: 'received' },
  { id: 'm5', at: ago(19), from: 'system', type: 'event', text: '待接入 → 人工，S01 接入，等待 42 秒', state: 'received' },
  { id: 'm6', at: ago(18), from: 'note', agent: ref(staff[11]!), type: 'text', text: '她 9 月在桐花里店测过肤，屏障弱，可走门店换温和款。', state: 'sent' },
  { id: 'm7', at: ago(17), from: 'agent', agent: ref(staff[0]!), type: 'text', text: '您别急，朋友代买也可以处理。红的地方还疼或痒吗？方便的话，带上产品到任意门店，店员会先看皮肤再帮您换。', touch_id: 'to2', state: 'sent' },
  { id: 'm8', at: ago(2), from: 'customer', type: 'text', text: '不疼了。那我下午去门店换可以吗？', state: 'received' },
]
const reasons: T.HeldRule[] = [
  { rule_id: 'FTG-01', title: '7 天最多 3 次', reason: '7 天内已触达 3 次', count: 58, next_at: ago(-60 * 30) }, { rule_id: 'FTG-05', title: '触达时段', reason: '不在触达时段，顺延', count: 31, next_at: ago(-60 * 15) },
  { rule_id: 'LAW-24', title: '本人意愿', reason: '本人已退订', count: 19 }, { rule_id: 'FTG-01', title: '1 天最多 1 次', reason: '1 天内已触达 1 次', count: 14, next_at: ago(-60 * 6) },
]
const check = (t: string, limit = 4000): T.Check => {
  const at = t.indexOf('更有用')
  const bytes = new TextEncoder().encode(t).length
  return { verdict: bytes > limit ? 'block' : at >= 0 ? 'warn' : 'allow', bytes, limit, findings: at >= 0 ? [{ rule_id: 'LAW-26', severity: 'warn', field: 'text', start: at, end: at + 3, text: '更有用', reason: '像功效比较，客户可能会问依据', way_out: '先做好这几件' }] : [] }
}
const broadcastText = '入冬第一周，皮肤容易紧绷。\n\n这三件小事，比多涂一层更有用：\n① 洗脸水 32℃ 上下，别超过一分钟\n② 擦干后三分钟内上乳霜\n③ 换季先停去角质两周\n\n到店可免费测一次皮肤含水量，凭这条消息到任一门店即可。\n不想再收到护肤提醒，回复“退订”。'
const broadcast = (id: string, name: string, state: T.BroadcastState, matched: number, sent: number): T.Broadcast => ({ id, name, kind: 'customer', text: broadcastText, attachments: [], audience: { tags: ['t0', 't3'], tag_mode: 'any', staff: [], exclude_tags: [] }, topic: '护肤', state, created_by: 'S01', created_at: ago(900), submitted_at: state === 'draft' ? undefined : ago(600), closes_at: ago(-400), counts: { matched, reachable: matched - 92, held: 92, sent, not_friend: 4, over_limit: 1, unconfirmed: Math.max(0, matched - 97 - sent), late: 0, failed: 0 }, tasks: { staff: 38, confirmed: state === 'done' ? 38 : 26 }, reminded: 1, harm: { optouts: 1, deletions: 0 } })
const broadcasts = [broadcast('b1', '秋冬屏障修护', 'open', 1204, 1066), broadcast('b2', '空瓶回收提醒', 'done', 620, 523), broadcast('b3', '会员日预告', 'draft', 0, 0), broadcast('b4', '换季敏感护理', 'cancelled', 310, 0)]
const touchStates: T.TouchState[] = ['delivered', 'held', 'committed', 'tasked', 'held', 'released']
const touches: T.Touch[] = Array.from({ length: 120 }, (_, i) => { const state = touchStates[i % 6]!; return { id: `to${i}`, at: ago(i * 13), customer: cref(customers[i]!), staff: ref(staff[i % 20]!), channel: i % 4 === 3 ? 'kf' : 'broadcast', kind: i % 4 === 3 ? 'answer' : 'text', class: i % 4 === 3 ? 'service' : 'marketing', state, late: i === 9, ...(state === 'held' ? { rule_id: 'FTG-01', reason: '7 天内已触达 3 次' } : {}), campaign: { id: 'b1', name: '秋冬屏障修护' }, text: '入冬第一周，皮肤容易紧绷。' } })
const explain = (t: T.Touch): T.TouchDetail => {
  const held = t.state === 'held'
  return {
    ...t, sentence: held ? `「${t.campaign!.name}」没有发给${t.customer.name}，因为 7 天内已经触达 3 次。` : `S12 在 10:05 确认了「${t.campaign!.name}」，${t.customer.name}在 10:06 收到。`,
    steps: held ? [{ state: 'held', at: t.at }, { state: 'tasked' }, { state: 'delivered' }, { state: 'committed' }] : [{ state: 'reserved', at: ago(900) }, { state: 'tasked', at: ago(800) }, { state: 'confirmed', at: ago(700) }, { state: 'delivered', at: ago(699) }, { state: 'committed', at: ago(698) }],
    rules: [
      { rule_id: 'LAW-24', title: '本人没有退订', value: '订阅中', verdict: 'pass' }, { rule_id: 'FTG-05', title: '在 9:00 到 21:00 之间', value: '14:05', verdict: 'pass' }, { rule_id: 'FTG-01', title: '1 天最多 1 次', value: '', before: 0, after: 1, cap: 1, verdict: 'pass' },
      { rule_id: 'FTG-01', title: '7 天最多 3 次', value: '', before: held ? 3 : 1, after: held ? 4 : 2, cap: 3, verdict: held ? 'held' : 'pass' }, { rule_id: 'FTG-01', title: '30 天最多 8 次', value: held ? '6' : '', ...(held ? {} : { before: 4, after: 5, cap: 8 }), verdict: held ? 'not_read' : 'pass' }, { rule_id: 'WC-01', title: '企业微信本月额度 30 次', value: '7', verdict: held ? 'not_read' : 'pass' },
    ],
    rule_version: '2026-11-02', timeline: [12, 9.5, 8, 5, 3, 1].map((d, i) => ({ at: new Date(Date.parse(t.at) - d * 86400e3).toISOString(), state: 'committed' as const, touch_id: `to${i + 2}` })).concat([{ at: t.at, state: t.state as 'committed', touch_id: t.id }]),
    window: { days: 7, cap: 3, used: held ? 3 : 2, from: new Date(Date.parse(t.at) - 7 * 86400e3).toISOString(), to: t.at, ...(held ? { next_at: new Date(Date.parse(t.at) + 86400e3).toISOString() } : {}) },
    who: { requested_by: 'S01', reason: '命中标签「会员」', sender: held ? '还没有建任务，员工看不到这一条' : 'S12，最近和客户聊过的员工' }, after: held ? [] : [{ at: ago(20), text: '客户回复“32 度有点凉哈哈”' }, { at: ago(10), text: '没有退订或删除' }],
    options: held ? [{ text: '等到周六 10:12 以后，放进下一批', link: '/broadcasts' }, { text: '她正在和客服说话，有事直接在会话里答，不占次数', link: '/inbox?open=k0' }] : [], evidence: { permit: '7f3a-91c2', entry: '48211' },
  }
}
const trend = Array.from({ length: 30 }, (_, i) => ({ date: new Date(now - (29 - i) * 86400e3).toISOString().slice(0, 10), added: 20 + int(40), lost: int(8), delivered: i === 20 ? 1310 : 350 + int(450), harm: Math.max(0, int(5) - 2) }))
const counters: T.Counters = { customers: { value: 3012, delta: 41 }, persons: 2874, added: { value: 46, delta: 8, parts: [{ key: 'channel', label: '渠道活码', value: 31 }, { key: 'search', label: '搜索', value: 9 }, { key: 'other', label: '其他', value: 6 }] }, lost: { value: 5, delta: -2, by_customer: 4, by_staff: 1 }, first_reply_seconds: { value: 108, delta: -12, sessions: 318 }, delivered: { value: 612, delta: -94, persons: 585 }, held: { value: 137, delta: 21, deferred: 31, refused: 106 } }
const home: T.Home = {
  as_of: ago(0), counters, trend, held_today: { touches: 137, persons: 129, rules: reasons },
  todo: [
    { kind: 'broadcast_unconfirmed', title: '群发「秋冬屏障修护」还有 12 名员工没有确认', detail: '任务 21:00 关闭，今天已提醒 1 次，最多 3 次', count: 12, link: '/broadcasts/b1' },
    { kind: 'session_waiting', title: '4 个会话在等人接待', detail: '最久 6 分钟，机器人已说明在转接', count: 4, link: '/inbox?view=waiting' },
    { kind: 'sync_drift', title: '对账发现 3 位客户不一致', detail: '今天 04:10 的对账', count: 3, link: '/settings/sync' }, { kind: 'dead_letters', title: '2 个回调没处理成', detail: '缺少「获取客户群详情」权限，补上后可再试', count: 2, link: '/settings/dead-letters' },
  ],
  running: broadcasts.slice(0, 2).map((b) => ({ id: b.id, name: b.name, kind: 'customer', planned: b.counts.matched, delivered: b.counts.sent, held: b.counts.held, reply_rate: 0.114, harm: b.harm.optouts, state: b.state })),
  health: { token: { state: 'ok', detail: '有效', expires_at: ago(-96) }, callback: { state: 'ok', lag_p95_ms: 400, backlog: 0, last_at: ago(1) }, sync: { state: 'ok', read: 3012, expected: 3012, finished_at: ago(50) }, quota: { state: 'ok', used_max: 9, limit: 30 }, queue: { state: 'warn', pending: 31, dead: 2 } },
}
const parts = (n: number, of: number) => ({ expected: of, read: n, stored: n, failed: 0 })
const sync: T.Sync = { state: 'running', started_at: ago(1), reason: '手动', parts: { departments: parts(7, 7), staff: parts(40, 40), customers: parts(2410, 3012), relations: parts(2630, 3290), tags: parts(9, 9), groups: parts(0, 25) }, drift: { added: 2, lost: 1, changed: 0 }, errors: [{ what: 'groupchat/get wr24', text: '48002 没有权限' }] }
const doctor: T.Doctor = { as_of: ago(3), checks: [['token', '访问令牌', 'ok', '取到，2 小时有效', ''], ['ip', '可信 IP', 'error', '企业微信看到的地址是 203.0.113.7，不在可信名单里（60020）', '管理后台 > 应用 > 企业可信 IP，加上 203.0.113.7'], ['callback', '回调校验', 'ok', '签名、解密、接收者都对', ''], ['clock', '时钟', 'warn', '和企业微信差 4.2 秒', '打开系统的时间同步'], ['welcome', '后台欢迎语', 'ok', '没有员工设了后台欢迎语', ''], ['db', '数据库', 'ok', 'SQLite，写入 0.4 毫秒', ''], ['bus', '消息总线', 'skipped', '', '']].map(([id, title, state, detail, way_out], i) => ({ id: id!, title: title!, state: state as 'ok', detail: detail!, way_out: way_out!, took_ms: 12 * i + 3 })) }
const me = (role: T.Role): T.Me => ({ user: 'admin', name: '运营 S01', role, scope: 'all', permissions: role === 'owner' ? ['*'] : ['customer.read', 'groupchat.read', 'kf.read', 'broadcast.read'], corp: { id: 'ww1', name: '花间集', sandbox: true, zone: 'Asia/Shanghai' }, window: { open: true, opens_at: '2026-11-20T09:00:00+08:00', closes_at: ago(-388) }, version: '0.1.0' })
let signedIn = true

const page = <X>(items: X[], q: URLSearchParams): T.Page<X> => { const at = Number(q.get('after') ?? 0) || 0; const limit = Number(q.get('limit') ?? 50); return { items: items.slice(at, at + limit), next: at + limit < items.length ? String(at + limit) : '', total: items.length, total_more: false } }
const problem = (status: number, title: string, detail: string): [number, unknown] => [status, { type: 'about:blank', title, status, detail, code: `e${status}`, request_id: 'r-7f3a' }]
const by = <X extends { id: string }>(items: X[], id: string): [number, unknown] => { const hit = items.find((x) => x.id === id); return hit ? [200, hit] : problem(404, '没有', '这一条已经删除。') }
const has = (q: URLSearchParams, text: string) => text.includes(q.get('q') ?? '')
const role = (process.env.ROLE ?? 'owner') as T.Role

export function answer(method: string, path: string, q: URLSearchParams, body: unknown, _lang: string): [number, unknown] {
  const [, a = '', b = '', c = ''] = path.split('/').map(decodeURIComponent)
  const b_ = body as Record<string, unknown> | undefined
  if (a === 'session') {
    if (b === 'wecom') return problem(404, '没有', 'not_configured')
    if (method === 'POST') { signedIn = b_?.password !== 'wrong'; return signedIn ? [200, { token: 'x', me: me(role) }] : problem(401, '没有登录', '账号或密码不对') }
    if (method === 'DELETE') { signedIn = false; return [204, undefined] }
    return signedIn ? [200, me(role)] : problem(401, '没有登录', '')
  }
  if (process.env.EMPTY && method === 'GET' && !b && !['home', 'settings', 'sync', 'doctor', 'governance'].includes(a)) return [200, { items: [], next: '', total: 0, total_more: false }]
  if (process.env.FAIL === a) return problem(Number(process.env.STATUS ?? 502), '企业微信没有答', '企业微信返回 45009（调用太频繁）。')
  switch (a) {
    case 'home': return [200, { ...home, trend: trend.slice(-(Number(q.get('days')) || 30)) }]
    case 'staff': return method === 'PATCH' ? by(staff, b) : [200, page(staff.filter((s) => has(q, s.name)), q)]
    case 'departments': return [200, { items: store.map((name, i) => ({ id: `d${i + 2}`, name, parent_id: '1', staff: 7 })), next: '', total: 6, total_more: false }]
    case 'tag-groups': return [200, page(tagGroups, q)]
    case 'customers':
      if (b === 'tags') return [200, c === 'reach' ? { customers: 3 } : { changed: 3, failed: [] }]
      if (c === 'timeline') return [200, page([{ id: '1', at: ago(80), kind: 'touch', text: '客户群发「秋冬屏障修护」已送达', actor: 'S12', touch_id: 'to0' }, { id: '2', at: ago(300), kind: 'touch', text: '拦下「会员日预告」，7 天内已触达 3 次', touch_id: 'to1' }, { id: '3', at: ago(2000), kind: 'tagged', text: '打上标签「敏感肌」', actor: 'S12' }, { id: '4', at: ago(5000), kind: 'joined_group', text: '进入「桐花里店换季护理群」' }, { id: '5', at: ago(9000), kind: 'kf_message', text: '问面膜频次，机器人答了' }, { id: '6', at: ago(20000), kind: 'added', text: '扫「桐花里店收银台」添加 S12', actor: 'S12' }], q)]
      if (c === 'optout') return [200, undefined]
      if (b) { const [s, v] = by(customers, b); return s === 200 ? [200, { ...(v as T.Customer), groups: [{ id: 'wr0', name: '桐花里店换季护理群', joined_at: ago(5000) }], relations: (v as T.Customer).staff.map((x) => ({ staff: x, remark: '测过肤', description: '', added_at: ago(20000), add_way: '扫码', state: 'st1', live: true, tags: (v as T.Customer).tags })) }] : [s, v] }
      return [200, page(customers.filter((x) => has(q, x.name) && (!q.get('state') || x.state === q.get('state')) && q.getAll('tag').every((t) => x.tags.some((y) => y.id === t)) && (!q.get('staff') || x.staff.some((y) => y.id === q.get('staff')))), q)]
    case 'contactways': return b ? by(contactways, b) : method === 'POST' ? [200, contactways[0]] : [200, page(contactways, q)]
    case 'welcomes':
      if (b === 'check') return [200, check(String(b_?.text ?? ''))]
      if (b === 'traces') return [200, page(Array.from({ length: 30 }, (_, i): T.WelcomeTrace => ({ id: `x${i}`, at: ago(i * 33), customer: cref(customers[i]!), staff: ref(staff[i % 9]!), channel: { id: 'c1', name: '桐花里店收银台' }, ...(i % 5 === 2 ? { outcome: 'not_sent', reason: { code: '41050', text: '员工在 20 秒内已经先说了话，企业微信收回了欢迎语的机会', way_out: '不用补发；员工已在聊' } } : { outcome: 'sent', welcome: { id: 'w1', name: '默认欢迎语' }, touch_id: `to${i}` }), latency_ms: 300 + i * 40 } as T.WelcomeTrace)).filter((x) => !q.get('outcome') || x.outcome === q.get('outcome')), q)]
      return b ? by(welcomes, b) : method === 'POST' ? [200, welcomes[1]] : [200, page(welcomes, q)]
    case 'groupchats':
      if (b) { const [s, v] = by(groups, b); return s === 200 ? [200, { ...(v as object), members: Array.from({ length: 60 }, (_, i): T.GroupMember => ({ id: `x${i}`, kind: i < 3 ? 'staff' : i % 20 === 19 ? 'unknown' : 'customer', name: i < 3 ? staffName(i + 1) : customers[i]!.name, joined_at: ago(i * 400), join_scene: '扫群活码', ...(i > 2 ? { source: { joinway_id: 'j0', name: '桐花里换季护理', state: 'js0' } } : {}) })) }] : [s, v] }
      return [200, page(groups.filter((g) => has(q, g.name)), q)]
    case 'joinways': return b ? by(joinways, b) : method === 'POST' ? [200, joinways[0]] : [200, page(joinways, q)]
    case 'autoreplies':
      if (b === 'try') { const t = String(b_?.text ?? ''); const hit = autoreplies.find((r) => r.patterns.some((p) => t.includes(p.value))); return [200, { ...(hit ? { matched: { id: hit.id, name: hit.name, pattern: hit.patterns[0]!.value }, answer: hit.answer.text ?? '转人工' } : {}), why: autoreplies.map((r) => ({ id: r.id, name: r.name, matched: r === hit, why: r === hit ? `含「${r.patterns[0]!.value}」` : '没有一个词对上' })) } satisfies T.AutoreplyTry] }
      return b ? by(autoreplies, b) : method === 'POST' ? [200, autoreplies[0]] : [200, page(autoreplies, q)]
    case 'kf':
      if (b === 'accounts') return c ? [200, { url: 'https://work.weixin.qq.com/kfid/kf1?enc=1' }] : [200, page(accounts, q)]
      if (path.endsWith('/messages')) return method === 'POST' ? [200, { ...messages[6], id: `n${Date.now()}`, text: String(b_?.text), at: ago(0) }] : [200, page(messages, q)]
      if (c) { const s = sessions.find((x) => x.id === c); return s ? [200, { ...s, customer_card: customers.find((x) => x.id === s.customer.id), steps: [{ at: ago(22), state: 'bot', reason: '客户发来消息', actor: '' }, { at: ago(20), state: 'waiting', reason: '客户要求人工', actor: '' }, ...(s.state === 'human' ? [{ at: ago(19), state: 'human' as const, reason: '接入', actor: 'S01' }] : [])] }] : problem(404, '没有', '') }
      return [200, page(sessions.filter((s) => { const v = q.get('view') ?? 'all'; return v === 'all' || v === s.state || (v === 'mine' && s.agent) }), q)]
    case 'broadcasts':
      if (b === 'preview' || c === 'plan') return [200, { matched: 2315, reachable: 1762, held: 460, per_staff: staff.slice(0, 38).map((s) => ({ staff: ref(s), customers: 46 })), reasons: [{ ...reasons[0]!, count: 214 }, { ...reasons[3]!, count: 83 }, { ...reasons[2]!, count: 163 }], check: check(String(b_?.text ?? broadcastText)), closes_at: ago(-390), quota: { limit: 30, used_max: 10 }, forecast: { optouts_per_1000: 1.8 } } satisfies T.Plan]
      if (c === 'receivers') return [200, page(Array.from({ length: 130 }, (_, i): T.Receiver => ({ customer: cref(customers[i]!), staff: ref(staff[i % 30]!), state: (['delivered', 'delivered', 'tasked', 'held', 'not_friend'] as const)[i % 5]!, ...(i % 5 === 3 ? { rule_id: 'FTG-01', reason: '7 天内已触达 3 次', next_at: ago(-900) } : {}), touch_id: `to${i}`, ...(i % 5 < 2 ? { sent_at: ago(i) } : {}) })).filter((r) => !q.get('state') || r.state === q.get('state')), q)]
      if (c === 'tasks') return [200, page(staff.slice(0, 38).map((s, i): T.BroadcastTask => ({ staff: ref(s), customers: 20 + int(30), state: i < 26 ? 'confirmed' : 'waiting', ...(i < 26 ? { confirmed_at: ago(i * 5) } : {}), reminded: i < 26 ? 0 : 1 })), q)]
      if (c) return c === 'test' ? [200, { sent_to: 'S01' }] : by(broadcasts, b)
      return b ? by(broadcasts, b) : method === 'POST' ? [200, { ...broadcasts[2], ...(b_ ?? {}) }] : [200, page(broadcasts.filter((x) => has(q, x.name)), q)]
    case 'touches': {
      const hit = touches.find((t) => t.id === b)
      if (c === 'recompute') return [200, { same: true, verdict: 'held', rules: explain(hit!).rules }]
      if (b) return hit ? [200, explain(hit)] : problem(404, '没有', '没有这一条触达。')
      return [200, page(touches.filter((t) => (!q.get('state') || t.state === q.get('state')) && (!q.get('customer') || t.customer.id === q.get('customer'))), q)]
    }
    case 'governance': return b === 'held' ? [200, { touches: 137, persons: 129, rules: reasons }] : [200, { rules: [1, 7, 30].map((days, i) => ({ id: 'FTG-01', title: `${days} 天最多几次营销触达`, days, cap: [1, 3, 8][i]!, min: 0, max: [1, 3, 8][i]! })), quiet: { from: '21:00', to: '09:00', sunday_from: '10:00', zone: 'Asia/Shanghai' }, version: '2026-11-02' }]
    case 'optouts': return [200, page(customers.filter((x) => x.optout.state === 'all').map((x) => ({ customer: cref(x), since: ago(int(40000)), via: pick(['页面', '回复退订', '员工代记']), by: '本人' })), q)]
    case 'settings': return [200, { corp_id: 'ww1a2b3c', agent_id: '1000002', secrets: { app: { set: true, source: 'env' }, contact: { set: true, source: 'console' }, kf: { set: false } }, callback: { url: 'https://zhiyin.example.com/callback/wecom', token_set: true, aes_set: true }, base_url: 'https://zhiyin.example.com', unofficial: true, zone: 'Asia/Shanghai' }]
    case 'sync': return [200, sync]
    case 'doctor': return [200, doctor]
    case 'dead-letters': return [200, page([{ id: 'd1', lane: 'contact', kind: 'change_external_chat', at: ago(90), attempts: 8, error: '48002 没有「获取客户群详情」权限', summary: '群 wr24 有变更' }, { id: 'd2', lane: 'kf', kind: 'kf_msg_or_event', at: ago(200), attempts: 8, error: '读超时', summary: '客服 kf2 有新消息' }], q)]
    case 'tokens': return method === 'POST' ? [200, { token: 'zy_4f8c2a6e0b7d' }] : [200, page([{ id: 'k1', name: '报表取数', role: 'auditor', scope: 'all', created_at: ago(9000), expires_at: ago(-90000), last_used_at: ago(3) }], q)]
  }
  return problem(404, '没有', path)
}
