import { words } from '../../i18n/i18n'

export const w = words({
  title: ['只发给同意过的客户', 'Only to who consented'],
  on: ['开启', 'On'],
  off: ['关闭', 'Off'],
  count: ['登记过同意的：{n} 位', 'Consents on record: {n}'],
  text: ['企业微信的好友是客户自己扫码或通过的，法律留有余地，所以默认关闭。开启后，没有登记同意的客户收不到营销的群发和朋友圈；服务、关怀和客户群不受影响。客户在自己的偏好页上同意，那句话和时间一起留作凭证；说停就是撤回。', 'A contact in WeCom was made by the customer\'s own scan or acceptance and the law leaves room, so this is off unless chosen. When it is on, customers without a consent on record get no marketing by mass message or Moment; service, lifecycle and groups are not concerned. Customers say yes on their preference page; the sentence and the time are kept as evidence, and a stop takes it back.'],
  turnOn: ['开启', 'Turn on'],
  turnOff: ['关闭', 'Turn off'],
  onReach: ['营销只发给登记过同意的 {n} 位客户', 'Marketing goes only to the customers whose consent is on record: {n}'],
  onAlso: ['立刻生效。已预占、还没交给成员的，没有同意的退回；已经交给成员的照常。', 'At once. What is reserved and not yet with a member is given back for who did not consent; what members have goes on.'],
  offReach: ['没有登记同意的客户也会收到营销', 'Customers without a consent on record get marketing again'],
  offAlso: ['退订、停发名单和频次照常。登记过的同意都留着。', 'Opt-outs, the suppression list and caps hold as before. Consents stay on record.'],
  saved: ['已保存', 'Saved'],
})
