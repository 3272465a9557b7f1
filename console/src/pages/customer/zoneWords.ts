import { words } from '../../i18n/i18n'

export const w = words({
  title: ['客户的时区', 'The customer\'s zone'],
  label: ['时区', 'Zone'],
  unknown: ['不知道，按企业的 {zone}', 'Not known: the corp\'s, {zone}'],
  change: ['修改', 'Change'],
  byStaff: ['{who} 填写，{date}', 'entered by {who} on {date}'],
  byApi: ['{who} 由接口设定，{date}', 'set by {who} through the API on {date}'],
  byImport: ['{who} 由文件导入，{date}', 'imported by {who} on {date}'],
  text: ['知道的才填：营销和关怀只在这个时区的白天发。写 Asia/Urumqi 这样的名称（夏令时跟着走），或 +06:00 这样的时差。空着表示不知道，按企业的 {zone}。', 'Only if you know it: marketing and lifecycle messages then go out by day of this zone. Write a name such as Asia/Urumqi, which follows summer time, or an offset such as +06:00. Empty means not known: the corp\'s {zone} holds.'],
  save: ['保存', 'Save'],
  saved: ['已保存，从现在起按它', 'Saved; it counts from now on'],
  importTitle: ['客户的时区', 'Zones of customers'],
  importText: ['有时区名单就在这里导入；不知道的不用写，按企业时区。单个客户在客户页上填。', 'If you have a list of zones, import it here; leave out whom you do not know, the corp\'s zone holds for them. Single customers are entered on their page.'],
  importOpen: ['导入名单', 'Import a list'],
  importFormat: ['一行一位：external_userid,Asia/Urumqi', 'A customer a line: external_userid,Asia/Urumqi'],
  importFile: ['从文件读入', 'Read a file'],
  importDo: ['导入', 'Import'],
  importLeave: ['不导入了', 'Leave it'],
  imported: ['{set} 位改了，{same} 位本来就是', '{set} changed, {same} were so already'],
  importFailed: ['{n} 行没有导入', '{n, plural, one {# line} other {# lines}} left out'],
  row: ['第 {row} 行', 'Line {row}'],
})
