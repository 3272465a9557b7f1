// The API's shapes, kept by hand beside the contract. One file, so that types.gen.ts can take its place:
// each name here then becomes `components['schemas'][name]`.

export interface Page<T> { items: T[]; next: string; total: number; total_more: boolean }
export interface Named { id: string; name: string }
export interface Problem {
  type: string; title: string; status: number; detail: string; code: string; request_id: string
  errors?: { location: string; message: string; value?: unknown }[]
}

export type Role = 'owner' | 'manager' | 'operator' | 'staff' | 'auditor'
export type Scope = 'own' | 'department' | 'all'
export interface Me {
  user: string; name: string; staff_id?: string; role: Role; scope: Scope; permissions: string[]
  corp: { id: string; name: string; sandbox: boolean; zone: string }
  window: { open: boolean; opens_at: string; closes_at: string }
  version: string
}

// Home
export interface Delta { value: number; delta?: number }
export interface Counters {
  customers: Delta; persons: number
  added: Delta & { parts: { key: string; label?: string; value: number }[] }
  lost: Delta & { by_customer: number; by_staff: number }
  first_reply_seconds: Delta & { sessions: number }
  delivered: Delta & { persons: number }
  held: Delta & { deferred: number; refused: number }
}
export interface TrendDay { date: string; added: number; lost: number; delivered: number; harm: number }
export interface HeldRule { rule_id: string; title?: string; reason: string; count: number; next_at?: string }
export type TodoKind = 'broadcast_unconfirmed' | 'session_waiting' | 'dead_letters' | 'sync_drift' | 'doctor'
export interface Todo { kind: TodoKind; title: string; detail: string; count: number; link: string }
export interface Running { id: string; name: string; kind: string; planned: number; delivered: number; held: number; reply_rate?: number; harm: number; state: BroadcastState }
export type Light = 'ok' | 'warn' | 'error'
export interface Health {
  token: { state: Light; detail: string; expires_at?: string }
  callback: { state: Light; lag_p95_ms: number; backlog: number; last_at?: string }
  sync: { state: Light; read: number; expected: number; finished_at?: string }
  quota: { state: Light; used_max: number; limit: number }
  queue: { state: Light; pending: number; dead: number }
}
export interface Home {
  as_of: string; counters: Counters; trend: TrendDay[]
  held_today: { touches: number; persons: number; rules: HeldRule[] }
  todo: Todo[]; running: Running[]; health: Health
}

// Staff, departments, tags
export interface Staff { id: string; name: string; departments: string[]; position: string; active: boolean; contact: boolean; customers: number; role?: Role; scope?: Scope }
export interface Department { id: string; name: string; parent_id: string; staff: number }
export interface Tag { id: string; name: string; customers?: number }
export interface TagGroup { id: string; name: string; tags: Tag[] }

// Customers
export interface BudgetWindow { rule_id: string; days: number; cap: number; used: number; next_at?: string }
export interface Budget { windows: BudgetWindow[]; full: boolean; next_at?: string }
export interface CustomerTouchable { optout: { state: 'none' | 'all'; since?: string }; budget: Budget }
export interface Customer extends CustomerTouchable {
  id: string; name: string; avatar: string; gender: string; type: 'wechat' | 'wecom'; corp_name: string
  state: 'live' | 'lost'; added_at: string; lost_at?: string
  staff: { id: string; name: string; state: string }[]; tags: Tag[]
  source: { add_way: string; label: string; channel?: Named }
  groups: number
}
export interface Relation {
  staff: Named; remark: string; description: string; added_at: string; add_way: string; state: string
  live: boolean; lost_at?: string; lost_by?: string; tags: Tag[]
}
export interface CustomerDetail extends Omit<Customer, 'groups'> { relations: Relation[]; groups: { id: string; name: string; joined_at: string }[]; unionid?: string }
export interface TimelineItem { id: string; at: string; kind: string; text: string; actor?: string; touch_id?: string; link?: string }

// Channel codes
export interface Contactway {
  id: string; config_id: string; name: string; state: string; staff: Named[]; departments: string[]; skip_verify: boolean; remark: string
  qr_code: string; tags: Tag[]; welcome_id?: string; customers: number; created_at: string; enabled: boolean
}

// Messages and their check
export type AttachmentKind = 'link' | 'image' | 'miniprogram'
export interface Attachment {
  type: AttachmentKind
  link?: { title: string; url: string; desc?: string; pic_url?: string }
  image?: { media_id?: string; pic_url?: string }
  miniprogram?: { title: string; appid: string; page: string; pic_media_id?: string }
}
export type Verdict = 'allow' | 'warn' | 'review' | 'block'
export interface Finding { rule_id: string; severity: Verdict; field: string; start: number; end: number; text: string; reason: string; way_out: string }
export interface Check { verdict: Verdict; bytes: number; limit: number; findings: Finding[] }
export interface Hours { from: string; to: string; weekdays: number[] }

export interface Welcome {
  id: string; name: string; scope: { kind: 'default' | 'contactway'; contactway_ids?: string[] }
  text: string; attachments: Attachment[]; hours?: Hours[]; enabled: boolean; priority: number; sent: number
}
export interface Reason { code: string; text: string; way_out: string }
export interface WelcomeTrace {
  id: string; at: string; customer: Named; staff: Named; channel?: Named; welcome?: Named
  outcome: 'sent' | 'not_sent'; reason?: Reason; touch_id?: string; latency_ms: number
}

// Groups
export interface Groupchat {
  id: string; name: string; owner: Named; members: number; customers: number; created_at: string; notice: string
  state: 'live' | 'dismissed'; joined_today: number; left_today: number
}
export interface GroupMember {
  id: string; kind: 'staff' | 'customer' | 'unknown'; name: string; joined_at: string; join_scene: string
  invitor?: Named; source?: { joinway_id: string; name: string; state: string }
}
export interface GroupchatDetail extends Omit<Groupchat, 'members'> { members: GroupMember[] }
export interface Joinway {
  id: string; config_id: string; name: string; remark: string
  rooms: { chat_id: string; name: string; members: number; limit: number; full: boolean }[]
  auto_create_room: boolean; room_base_name: string; room_base_id: number; state: string; qr_code: string; page_url: string
  scans?: number; joined: number; room_left: number
}

// Keyword rules
export type PatternKind = 'exact' | 'contains' | 'regex' | 'pinyin'
export interface Pattern { kind: PatternKind; value: string }
export interface Answer { kind: 'text' | 'joinway' | 'handoff'; text?: string; joinway_id?: string; as?: 'page' | 'image' }
export interface Autoreply {
  id: string; name: string; enabled: boolean; priority: number; kf_accounts: string[]; patterns: Pattern[]; answer: Answer; hours?: Hours[]; matched: number
}
export interface AutoreplyTry { matched?: Named & { pattern: string }; answer?: string; why: { id: string; name: string; matched: boolean; why: string }[] }

// Conversations
export interface KfAccount { id: string; name: string; avatar: string; desk: 'console' | 'wecom'; servicers: Named[]; link: string; greeting: string }
export type SessionState = 'bot' | 'waiting' | 'human' | 'ended'
export interface Session {
  id: string; account: Named; customer: Named & { avatar: string }; state: SessionState; wecom_state: number; agent?: Named
  last: { at: string; text: string; from: string }; waiting_since?: string
  window: { closes_at?: string; left_messages: number; open: boolean }; unread: number; reason?: string
}
export interface SessionDetail extends Session { customer_card?: Customer; steps: { at: string; state: SessionState; reason: string; actor: string }[] }
export interface Message {
  id: string; at: string; from: 'customer' | 'bot' | 'agent' | 'wecom' | 'system' | 'event' | 'note'; agent?: Named; type: string; text: string; media_id?: string
  rule?: Named; touch_id?: string; state: 'received' | 'sending' | 'sent' | 'failed' | 'held'; reason?: string
}

// Mass messages
export type BroadcastState = 'draft' | 'planned' | 'creating' | 'open' | 'done' | 'cancelled' | 'failed'
export interface Audience { tags: string[]; tag_mode: 'any' | 'all'; staff: string[]; exclude_tags: string[] }
export interface BroadcastDraft { name: string; text: string; attachments: Attachment[]; audience: Audience }
export interface Broadcast extends BroadcastDraft {
  id: string; kind: 'customer'; topic: string; state: BroadcastState; created_by: string; created_at: string; submitted_at?: string; closes_at?: string
  counts: { matched: number; reachable: number; held: number; sent: number; not_friend: number; over_limit: number; unconfirmed: number; late: number; failed: number }
  tasks: { staff: number; confirmed: number }; reminded: number; harm: { optouts: number; deletions: number }
}
export interface Plan {
  matched: number; reachable: number; held: number; per_staff: { staff: Named; customers: number }[]; reasons: HeldRule[]
  check: Check; closes_at?: string; quota: { limit: number; used_max: number }; opens_at?: string; forecast?: { optouts_per_1000: number }
}
export type ReceiverState = 'reserved' | 'tasked' | 'delivered' | 'held' | 'not_friend' | 'over_limit' | 'cancelled' | 'late'
export interface Receiver { customer: Named; staff: Named; state: ReceiverState; rule_id?: string; reason?: string; next_at?: string; touch_id: string; sent_at?: string }
export interface BroadcastTask { staff: Named; customers: number; state: 'waiting' | 'confirmed' | 'declined' | 'cancelled'; confirmed_at?: string; reminded: number }

// Governance
export type TouchState = 'held' | 'reserved' | 'tasked' | 'delivered' | 'committed' | 'released'
export interface Touch {
  id: string; at: string; customer: Named; staff?: Named; channel: string; kind: string; class: string; state: TouchState; late: boolean
  rule_id?: string; reason?: string; campaign?: Named; text: string
}
export interface RuleRead { rule_id: string; title: string; value: string; before?: number; after?: number; cap?: number; verdict: 'pass' | 'held' | 'not_read' }
export interface TouchDetail extends Touch {
  sentence: string; steps: { state: string; at?: string }[]; rules: RuleRead[]; rule_version: string
  timeline: { at: string; state: TouchState; touch_id: string }[]
  window: { days: number; cap: number; used: number; from: string; to: string; next_at?: string }
  who: { requested_by: string; reason: string; sender: string }
  after: { at: string; text: string }[]; options: { text: string; link?: string; action?: string }[]
  evidence: { permit: string; entry: string }
}
export interface Recomputed { same: boolean; verdict: string; rules: RuleRead[] }
export interface CapRule { id: string; title: string; days: number; cap: number; params?: Record<string, number>; min: number; max: number }
export interface Caps { rules: CapRule[]; quiet: { from: string; to: string; sunday_from: string; zone: string }; version: string }
export interface Optout { customer: Named; since: string; via: string; by: string }
export interface Held { touches: number; persons: number; rules: HeldRule[] }

// Settings
export interface Settings {
  corp_id: string; agent_id: string; secrets: Record<string, { set: boolean; source?: 'env' | 'console' }>
  callback: { url: string; token_set: boolean; aes_set: boolean }; base_url: string; unofficial: boolean; zone: string
}
export type SyncPart = 'departments' | 'staff' | 'customers' | 'relations' | 'tags' | 'groups'
export interface Sync {
  state: 'idle' | 'running' | 'done' | 'failed'; started_at?: string; finished_at?: string; reason?: string
  parts: Record<SyncPart, { expected: number; read: number; stored: number; failed: number }>
  drift: { added: number; lost: number; changed: number }; errors: { what: string; text: string }[]
}
export interface DoctorCheck { id: string; title: string; state: 'ok' | 'warn' | 'error' | 'skipped'; detail: string; way_out: string; took_ms: number }
export interface Doctor { checks: DoctorCheck[]; as_of: string }
export interface DeadLetter { id: string; lane: string; kind: string; at: string; attempts: number; error: string; summary: string }
export interface ApiToken { id: string; name: string; role: Role; scope: Scope; created_at?: string; expires_at?: string; last_used_at?: string; created_by?: string }
