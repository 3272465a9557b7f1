// The columns that tell something of a person, in words. A column that has none is shown by its name.
import type { Lang } from '../../i18n/format'

const words: Record<string, [zh: string, en: string]> = {
  id: ['编号', 'id'], customer_id: ['客户编号', 'the customer\'s id'], member_id: ['客户编号', 'the customer\'s id'], staff_id: ['成员编号', 'the member\'s id'], subject_id: ['本人编号', 'the person\'s id'],
  name: ['名称', 'name'], avatar: ['头像', 'picture'], gender: ['性别', 'gender'], corp_name: ['所在企业', 'their company'], unionid: ['unionid', 'unionid'],
  added_at: ['添加时间', 'when added'], remark: ['备注', 'remark'], description: ['描述', 'description'], add_way: ['怎么加的', 'how added'], state: ['从哪个渠道', 'by which channel'], lost_at: ['流失时间', 'when lost'],
  tag_id: ['标签', 'tag'], at: ['时间', 'when'], kind: ['发生了什么', 'what happened'], detail: ['内容', 'details'], ref: ['单号', 'number elsewhere'], zone: ['时区', 'time zone'],
  acted_at: ['最近一次反应', 'last reaction'], act: ['什么反应', 'which reaction'], since: ['从什么时候', 'since when'], touches: ['之后收到几次', 'messages since'],
  pace: ['多久一次', 'how often'], paused_until: ['暂停到', 'paused until'], topics_off: ['不要的话题', 'topics not wanted'], no_traits: ['不按标签挑选', 'not chosen by tags'],
  evidence: ['凭证', 'proof'], given_at: ['同意时间', 'when consented'], words: ['原话', 'their words'], hash: ['带密钥的哈希', 'keyed hash'], note: ['备注', 'note'], outcome: ['结果', 'outcome'],
  joined_at: ['进群时间', 'when joined'], invitor_id: ['谁邀请', 'invited by'], texts: ['发给他的话', 'what was sent'], findings: ['规则怎么看', 'what the rules found'],
  text: ['说的话', 'what was said'], media_id: ['图片与文件', 'pictures and files'], msgid: ['消息编号', 'message id'], opened_at: ['开始时间', 'when it began'], last_text: ['最后一句', 'last words'],
  key: ['这一次的编号', 'its key'], why: ['为什么', 'why'], delivered_at: ['送达时间', 'when delivered'], sent_at: ['发出时间', 'when sent'], person: ['谁', 'who'], revoked_at: ['作废时间', 'when revoked'],
  payload: ['回调与步骤', 'callbacks and steps'], order_key: ['排队的编号', 'its place in line'], names: ['要更新的编号', 'ids to be read again'], customers: ['名单', 'the list'], reason: ['原因', 'reason'],
  position: ['职务', 'position'], password: ['密码（只有哈希）', 'password (hash only)'], account: ['账号', 'account'], addr: ['网络地址', 'network address'], agent: ['浏览器', 'browser'],
  age: ['未满多少岁', 'under which age'], guardian: ['监护人', 'guardian'], end_reason: ['为什么结束', 'why it ended'],
  browsers: ['浏览器', 'browsers'], uses: ['何时何地使用', 'when and where used'], author: ['谁写的', 'author'], appeal: ['申诉', 'appeal'], who: ['账号与地址（只有哈希）', 'account and address (hashes only)'],
}

export const field = (column: string, lang: Lang): string => words[column]?.[lang === 'zh' ? 0 : 1] ?? column

/** For a test: every word there is. */
export const fieldWords = words
