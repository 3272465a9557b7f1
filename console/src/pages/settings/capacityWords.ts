import { words } from '../../i18n/i18n'

export const w = words({
  title: ['客户容量', 'Room for customers'],
  change: ['改容量', 'Change'],
  corp: ['整个企业', 'The corp'],
  member: ['每位成员', 'Each member'],
  tight: ['快满的成员', 'Nearly full'],
  of: ['{n} / {most} 位', '{n} of {most}'],
  each: ['最多 {most} 位', 'at most {most}'],
  nobody: ['没有', 'nobody'],
  tightOf: ['{n} 名，其中已满 {full} 名', '{n, plural, one {# member} other {# members}}, of whom {full} full'],
  text: ['到九成时首页会提示；渠道活码会跳过已满的成员，有了余量再换回来。', 'From nine tenths on the home page says so. Channel codes pass over members who are full, and take them back when there is room.'],
  byRule: ['现在用的是企业微信的初始数字。', 'These are the numbers WeCom begins with.'],
  setBy: ['{who} 于 {at} 登记。', 'Noted by {who}, {at}.'],
  changeText: ['企业微信没有接口告诉容量。向企业微信申请扩容后，把管理后台显示的数字登记在这里。', 'No interface tells the capacity. After WeCom granted more, note here what its admin pages show.'],
  corpText: ['未认证的企业是 {n}', 'An unverified corp has {n}'],
  memberText: ['申请后最多 {n}', 'At most {n}, on request'],
  needed: ['填一个数字', 'Enter a number'],
  save: ['登记', 'Note it'],
  saved: ['已登记', 'Noted'],
})
