import { words } from '../../../i18n/i18n'

export const w = words({
  draft: ['草稿', 'Draft'],
  review: ['等审批', 'Awaiting approval'],
  planned: ['已排定', 'Planned'],
  creating: ['正在建任务', 'Making tasks'],
  open: ['等员工确认', 'Awaiting staff'],
  done: ['已完成', 'Done'],
  cancelled: ['已停止', 'Stopped'],
  failed: ['没建成', 'Not made'],
})
