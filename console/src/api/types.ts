// The API's shapes under the names the pages use. They come from types.gen.ts; where the specification says only
// "string" for one of a few words, the words are named here once.
import type { components } from './types.gen'

type Raw = components['schemas']
/** The client reads an empty list where Go wrote null (client.ts), so no list is ever null. */
type Filled<T> = T extends null ? never : T extends (infer U)[] ? Filled<U>[] : T extends object ? { [K in keyof T]: Filled<T[K]> } : T
type S<K extends keyof Raw> = Filled<Raw[K]>
type With<T, More> = Omit<T, keyof More> & More

export interface Page<T> { items: T[]; next: string; total: number; total_more: boolean }
export interface Named { id: string; name: string }
export type Problem = S<'Problem'>

export type Role = Raw['AccessInputBody']['role']
export type Scope = Raw['AccessInputBody']['scope']
export type Me = With<S<'AuthMe'>, { role: Role; scope: Scope }>

// Home
export type Counters = S<'StatsCounters'>
export type TrendDay = S<'StatsTrend'>
export type Todo = S<'StatsTodo'>
export type TodoKind = Todo['kind']
export type Running = With<S<'StatsRunning'>, { state: BroadcastState }>
export type Health = S<'StatsHealth'>
export type Light = Health['token']['state']
export type Home = With<S<'StatsHome'>, { running: Running[] }>
export interface HeldRule { rule_id: string; title?: string; reason: string; count: number; next_at?: string }

// The first page of governance, and what followed a campaign
export type Overview = S<'StatsOverview'>
export type Harmed = S<'StatsHarmed'>
export type CostRow = S<'StatsCost'>
export type UseRow = S<'StatsUse'>
export type Effect = S<'StatsEffect'>
export type Followed = S<'StatsFollowed'>

// Staff, departments, tags
export type Staff = With<S<'Staff'>, { role?: Role; scope?: Scope }>
export type SharedLogins = S<'AuthShareds'>
export type SharedLogin = S<'AuthShared'>
export type StaffCapacity = S<'StaffCapacity'>
export type Department = S<'StaffDepartment'>
export type TagGroup = S<'TagGroup'>

// Customers
export type Budget = S<'CustomerBudget'>
export type BudgetWindow = S<'CustomerBudgetWindow'>
export type Customer = With<S<'Customer'>, { type: 'wechat' | 'wecom' }>
export type CustomerTouchable = Pick<Customer, 'budget' | 'optout'>
export type CustomerDetail = With<S<'CustomerDetail'>, { type: Customer['type'] }>
export type CustomerAct = Raw['ActInBody']['act']
export type TimelineItem = S<'CustomerEntry'>
export type Loss = S<'CustomerLoss'>

// Channel codes, group codes, groups
export type Contactway = S<'ContactwayWay'>
export type ContactwayDraft = S<'ContactwayWayIn'>
export type Joinway = S<'JoinwayWay'>
export type JoinwayDraft = S<'JoinwayWayIn'>
export type Groupchat = S<'GroupchatChat'>
export type GroupchatDetail = S<'GroupchatDetail'>
export type InSeveral = S<'GroupchatSeveral'>
export type GroupMember = GroupchatDetail['members'][number]

// Messages and their check
export type Attachment = S<'MessageAttachment'>
export type AttachmentKind = Attachment['type']
export type Halt = S<'GovernanceHalt'>
export type LimitedCode = S<'GovernanceLimitedCode'>
export type Check = S<'GuardCheck'>
export type Verdict = Check['verdict']
export type Finding = S<'GuardFinding'>
export interface Hours { from: string; to: string; weekdays?: number[] }
export type WelcomeDraft = S<'WelcomeIn'>
export type Welcome = S<'Welcome'>
export type WelcomeTrace = S<'WelcomeTrace'>

// Keyword rules
export type Autoreply = S<'AutoreplyRule'>
export type AutoreplyDraft = S<'AutoreplyRuleIn'>
export type Pattern = S<'AutoreplyPatternIO'>
export type PatternKind = Pattern['kind']
export type Answer = S<'AutoreplyAnswerIO'>
export type AutoreplyTry = S<'AutoreplyTry'>

// Conversations
export type KfAccount = S<'KfAccount'>
export type KfAccountDraft = S<'KfAccountIn'>
export type Session = S<'KfSession'>
export type SessionState = Session['state']
export type SessionDetail = With<S<'KfDetail'>, { steps: With<S<'KfStep'>, { state: SessionState }>[] }>
export type Message = S<'KfMessage'>

// Mass messages
export type BroadcastDraft = With<S<'BroadcastWordsIn'>, { name: string; attachments: Attachment[] }>
export type Broadcast = S<'Broadcast'>
export type BroadcastState = Broadcast['state']
export type Audience = Broadcast['audience']
export type Plan = S<'BroadcastPlan'>
export type Receiver = S<'BroadcastReceiver'>
export type ReceiverState = Receiver['state']
export type BroadcastTask = S<'BroadcastTask'>
export type BroadcastKind = Broadcast['kind']
export type BroadcastRevised = S<'BroadcastRevise'>
export type Material = S<'Material'>
export type MaterialKind = Material['kind']
export type MaterialCard = S<'MaterialCard'>

// Moments
export type Moment = S<'Moment'>
export type MomentState = Moment['state']
export type MomentDraft = With<S<'MomentIn'>, { name: string; parts: MomentPart[] }>
export type MomentPart = S<'MomentPart'>
export type MomentPlan = S<'MomentPlan'>
export type MomentTask = S<'MomentTask'>
export type MomentAnswer = S<'MomentAnswer'>
export type MomentEcho = S<'MomentEcho'>
export type HistoryPage = S<'MomentHistory'>

// Governance
export type Touch = S<'GovernanceTouch'>
export type TouchState = Touch['state']
export type RuleRead = S<'GovernanceRule'>
export type TouchDetail = S<'GovernanceExplain'>
export type PolicyRule = S<'GovernancePolicyRule'>
export type AdmissionAnswers = S<'GovernanceAdmission'>
export type Licences = S<'GovernanceLicences'>
export type Licence = S<'GovernanceLicence'>
export type LicenceKind = S<'GovernanceLicenceKind'>
export type Sites = S<'GovernanceSites'>
export type Frauds = S<'GovernanceFrauds'>
export type Fraud = S<'GovernanceFraud'>
export type Site = S<'GovernanceSite'>
export type CustomerConsent = S<'GovernanceConsent'>
export type CustomerAge = S<'GovernanceAge'>
export type Age = S<'GovernanceAgeMark'>['age']
export type GuardianPurpose = S<'GuardianInBody'>['purposes'][number]
export type Purposes = S<'GovernancePurposes'>
export type Purpose = S<'GovernancePurpose'>
export type PrivacyNotice = S<'GovernanceNotice'>
export type PrivacyNoticeBrief = S<'GovernanceNoticeBrief'>
export type PrivacyNoticeBody = S<'GovernanceNoticeBody'>
export type SensitiveTag = S<'TagSensitive'>
export type SitePenalty = S<'GovernancePenalty'>
export type Refusal = S<'GovernanceRefusal'>
export type AuditEntry = S<'AuditEntry'>
export type AuditEntryDetail = S<'AuditEntryDetail'>
export type AuditHead = S<'AuditHead'>
export type Tried = S<'GovernanceTry'>
export type Recomputed = S<'GovernanceRecompute'>
export type Caps = S<'GovernanceCaps'>
export type CapRule = S<'GovernanceCapRule'>
export type Holidays = S<'GovernanceDays'>
export type Sunset = S<'GovernanceSunsetIO'>
export type Shares = S<'GovernanceSharesIO'>
export type CapsDraft = S<'SetCapsInBody'>
export type Optout = S<'GovernanceOptOut'>
export type CustomerZone = S<'GovernanceZone'>
export type ImportedZones = S<'GovernanceImportedZones'>
export type Grievance = S<'GovernanceGrievance'>
export type GrievanceKind = Grievance['kind']
export type OptoutDraft = S<'AddOptOutInBody'>
export type Held = S<'GovernanceHeld'>
export type HouseRule = S<'GovernanceHouse'>
export type HouseTried = S<'GovernanceHouseTried'>
export type LadderStep = S<'GovernanceLadder'>

// Receivers and exports, assessments, leaks
export type DataReceiver = S<'DisclosureReceiver'>
export type ReceiverConsent = S<'DisclosureConsent'>
export type Export = S<'DisclosureExport'>
export type Exported = S<'DisclosureExported'>
export type ExportSum = S<'DisclosureSum'>
export type ExportLimit = S<'DisclosureLimit'>
export type Assessment = S<'Assessment'>
export type Assessed = S<'GovernanceAssessed'>
export type AutomaticTag = S<'AssessmentTag'>
export type Incident = S<'Incident'>
export type IncidentDetail = S<'IncidentDetail'>
export type IncidentPerson = S<'IncidentPerson'>
// Personal data
export type PrivacyRegister = S<'PrivacyRegister'>
export type DataTable = S<'PrivacyTable'>
export type Periods = S<'PrivacyPeriods'>
export type PeriodsReach = S<'PrivacyReach'>
export type DataRequest = S<'PrivacyRequest'>
export type DataRequestKind = DataRequest['kind']
export type Erasure = S<'PrivacyErasure'>

// Review
export type ReviewText = S<'ReviewText'>
export type ReviewOne = S<'ReviewTextOne'>
export type ReviewSum = S<'ReviewSum'>

// Settings
export type Settings = S<'Settings'>
export type SettingsChange = S<'PatchInputBody'>
export type Sync = S<'SyncRun'>
export type Doctor = S<'DoctorReport'>
export type DoctorCheck = S<'DoctorFinding'>
export type DeadLetter = S<'DeadletterLetter'>
export type ApiToken = With<S<'AuthToken'>, { role: Role; scope: Scope }>
