// The pages and their addresses. Each page is its own chunk.
import { createBrowserHistory, createRootRoute, createRoute, createRouter, lazyRouteComponent as lazy, type ErrorComponentProps, type RouteComponent } from '@tanstack/react-router'
import { ApiError, basePath } from './api/client'
import { Frame } from './frame/Frame'
import { Failed, Missing, Skeleton } from './kit/states'
import { parseSearch, stringifySearch } from './kit/urlstate'

const pages: [path: string, page: RouteComponent][] = [
  ['/', lazy(() => import('./pages/home/Home'), 'Home')],
  ['/customers', lazy(() => import('./pages/customer/CustomerList'), 'CustomerList')],
  ['/customers/$id', lazy(() => import('./pages/customer/CustomerDetail'), 'CustomerDetail')],
  ['/grievances', lazy(() => import('./pages/customer/GrievanceList'), 'GrievanceList')],
  ['/losses', lazy(() => import('./pages/losses/Losses'), 'Losses')],
  ['/contactways', lazy(() => import('./pages/contactway/Contactways'), 'Contactways')],
  ['/joinways', lazy(() => import('./pages/joinway/Joinways'), 'Joinways')],
  ['/groupchats', lazy(() => import('./pages/groupchat/GroupchatList'), 'GroupchatList')],
  ['/groupchats/several', lazy(() => import('./pages/groupchat/Several'), 'Several')],
  ['/groupchats/$id', lazy(() => import('./pages/groupchat/GroupchatDetail'), 'GroupchatDetail')],
  ['/inbox', lazy(() => import('./pages/inbox/Inbox'), 'Inbox')],
  ['/autoreplies', lazy(() => import('./pages/autoreply/AutoreplyList'), 'AutoreplyList')],
  ['/autoreplies/$id', lazy(() => import('./pages/autoreply/AutoreplyEditor'), 'AutoreplyEditor')],
  ['/welcomes', lazy(() => import('./pages/welcome/WelcomeList'), 'WelcomeList')],
  ['/welcomes/traces', lazy(() => import('./pages/welcome/WelcomeTraces'), 'WelcomeTraces')],
  ['/welcomes/$id', lazy(() => import('./pages/welcome/WelcomeEditor'), 'WelcomeEditor')],
  ['/broadcasts', lazy(() => import('./pages/broadcast/BroadcastList'), 'BroadcastList')],
  ['/broadcasts/new', lazy(() => import('./pages/broadcast/Planner'), 'Planner')],
  ['/broadcasts/$id', lazy(() => import('./pages/broadcast/BroadcastDetail'), 'BroadcastDetail')],
  ['/broadcasts/$id/edit', lazy(() => import('./pages/broadcast/Planner'), 'Planner')],
  ['/moments', lazy(() => import('./pages/moment/MomentList'), 'MomentList')],
  ['/moments/new', lazy(() => import('./pages/moment/MomentPlanner'), 'MomentPlanner')],
  ['/moments/$id', lazy(() => import('./pages/moment/MomentDetail'), 'MomentDetail')],
  ['/moments/$id/edit', lazy(() => import('./pages/moment/MomentPlanner'), 'MomentPlanner')],
  ['/governance', lazy(() => import('./pages/overview/Overview'), 'Overview')],
  ['/materials', lazy(() => import('./pages/material/Materials'), 'Materials')],
  ['/touches', lazy(() => import('./pages/governance/Touches'), 'Touches')],
  ['/touches/$id', lazy(() => import('./pages/governance/Explain'), 'Explain')],
  ['/held', lazy(() => import('./pages/governance/HeldBack'), 'HeldBack')],
  ['/optouts', lazy(() => import('./pages/governance/Optouts'), 'Optouts')],
  ['/rules', lazy(() => import('./pages/governance/Rules'), 'Rules')],
  ['/reviews', lazy(() => import('./pages/review/Reviews'), 'Reviews')],
  ['/ladder', lazy(() => import('./pages/governance/Ladder'), 'Ladder')],
  ['/admission', lazy(() => import('./pages/governance/Admission'), 'Admission')],
  ['/purposes', lazy(() => import('./pages/governance/Purposes'), 'Purposes')],
  ['/record', lazy(() => import('./pages/governance/Record'), 'Record')],
  ['/receivers', lazy(() => import('./pages/disclosure/Receivers'), 'Receivers')],
  ['/assessments', lazy(() => import('./pages/assessment/Assessments'), 'Assessments')],
  ['/incidents', lazy(() => import('./pages/incident/Incidents'), 'Incidents')],
  ['/incidents/$id', lazy(() => import('./pages/incident/IncidentDetail'), 'IncidentDetail')],
  ['/privacy', lazy(() => import('./pages/privacy/Register'), 'Register')],
  ['/privacy/requests', lazy(() => import('./pages/privacy/Requests'), 'Requests')],
  ['/privacy/erasures', lazy(() => import('./pages/privacy/Erasures'), 'Erasures')],
  ['/audit', lazy(() => import('./pages/audit/Audit'), 'Audit')],
  ['/audit/$id', lazy(() => import('./pages/audit/AuditEntry'), 'AuditEntry')],
  ['/caps', lazy(() => import('./pages/governance/Caps'), 'Caps')],
  ['/settings', lazy(() => import('./pages/settings/Corp'), 'Corp')],
  ['/settings/staff', lazy(() => import('./pages/settings/StaffRoles'), 'StaffRoles')],
  ['/settings/tokens', lazy(() => import('./pages/settings/Tokens'), 'Tokens')],
  ['/settings/sync', lazy(() => import('./pages/settings/Sync'), 'Sync')],
  ['/settings/doctor', lazy(() => import('./pages/settings/Doctor'), 'Doctor')],
  ['/settings/dead-letters', lazy(() => import('./pages/settings/DeadLetters'), 'DeadLetters')],
]

export function newRouter() {
  const root = createRootRoute({ component: Frame, notFoundComponent: () => <Missing /> })
  const children = pages.map(([path, component]) => createRoute({ getParentRoute: () => root, path, component }))
  return createRouter({
    routeTree: root.addChildren(children), history: createBrowserHistory(), basepath: basePath(), parseSearch, stringifySearch,
    defaultPendingComponent: () => <Skeleton head />, defaultPendingMs: 200, scrollRestoration: true,
    defaultErrorComponent: Broken, defaultNotFoundComponent: () => <Missing />,
  })
}

/** A page that threw, or whose chunk could not be loaded after a new version was installed. */
function Broken({ error }: ErrorComponentProps) {
  const text = error instanceof Error ? error.message : String(error)
  const what = error instanceof ApiError ? error : new ApiError({ status: /import|fetch/i.test(text) ? 0 : 500, detail: text })
  return <Failed error={what} retry={() => location.reload()} />
}
