import { words } from '../../i18n/i18n'

export const w = words({
  title: ['沉默的客户', 'Silent customers'],
  text: ['从客户上一次自己有举动之后收到的第一条群发算起，至少 {n} 条没有反应才算沉默。客户写信、进群、点赞评论、改偏好，或被登记有回应，立刻结束。朋友圈不算打扰，不计入。', 'Counted from the first mass message after the customer last did something; it takes {n} without a reaction. Writing, joining a group, reacting to a Moment, choosing a preference or a noted reaction ends it at once. Moments call nobody and do not count.'],
  cooling: ['沉默多少天起放慢', 'Days of silence that slow it down'],
  week: ['放慢后，7 天', 'Slowed down, 7 days'],
  dormant: ['沉默多少天起不再发', 'Days of silence that end it'],
  days: ['天', 'days'],
  times: ['次营销触达', 'marketing touches'],
  once: ['不再发之后，还可以用一次「最后一问」问是否要继续接收。', 'After that, one “last question” may still ask whether they want to go on.'],
  save: ['保存', 'Save'],
  saved: ['已存，现在生效', 'Saved, in force now'],
  reach: ['从现在起，沉默的客户更早少发', 'From now on, silent customers get less earlier'],
  also: ['已经占好的不受影响；以后的按新的天数判断。', 'What is reserved stays; what comes later is judged by the new days.'],
})
