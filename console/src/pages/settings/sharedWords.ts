import { words } from '../../i18n/i18n'

export const w = words({
  title: ['同时在两处使用的账号', 'Accounts in two places'],
  text: ['一个账号只属于一个人。十分钟内从两个地址、用两个浏览器交替使用的会列在这里，不会停用谁。', 'An account belongs to one person. Listed here is what was used in turns from two addresses by two browsers within ten minutes. Nobody is locked out.'],
  open: ['等所有者处理', 'Waits for an owner'],
  one_person: ['一个人', 'One person'],
  shared: ['有人共用', 'Shared'],
  use: ['{browser}，{addr}：{began} 登录，{seen} 用过', '{browser}, {addr}: since {began}, used {seen}'],
  seen: ['见过 {n} 次，最近 {at}。', 'Seen {n, plural, one {once} other {# times}}, last {at}.'],
  decided: ['{who} 处理，{at}：', 'Decided by {who}, {at}:'],
  decide: ['处理', 'Decide'],
  decideOf: ['{name} 的账号是谁在用', 'Who uses the account of {name}'],
  yes: ['一个人，两台设备', 'One person with two devices'],
  no: ['不止一个人', 'More than one person'],
  yesText: ['这两种浏览器以后不再提醒。', 'These two browsers are not asked about again.'],
  noText: ['请让每人用自己的账号登录，需要时改这位成员的角色，现在的登录会立刻失效。再出现会再提醒。', 'Have each person use their own account. Changing the member\'s role ends the present sign-ins. Seen again, it is asked again.'],
  note: ['怎么弄清的、做了什么', 'How it was cleared up, what was done'],
  save: ['记下', 'Note it'],
  saved: ['已处理', 'Decided'],
})
