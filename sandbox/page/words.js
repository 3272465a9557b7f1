'use strict';
// What the page says, in both languages. {n} is a number.
const words = {
  'zh-CN': {
    sandbox: '沙箱', stands: '（时间停着）', speed: '快慢', hour: '快进 1 小时', day: '快进 1 天', life: '人群自己活动', other: 'English',
    customer: '扮演客户', who: '我是', newcomer: '一位新客人', way: '渠道活码', anyway: '任意一个', scan: '扫码加好友', joinway: '群活码', nojoin: '还没有群活码', join: '扫码进群',
    kf: '微信客服', words: '说点什么，如“营业时间”', saying: '成员对这位客户说的话', say: '发送', staff: '扮演成员', member: '成员', log: '服务端',
    calls: '调用', callbacks: '回调', failed: '只看失败的', notasks: '没有等着确认的群发或朋友圈任务。', receivers: '{n} 位接收人', confirm: '确认发送', decline: '不发', openpacket: '拆开红包', gotpacket: '领到了 {yuan} 元',
    nolines: '还没有。平台一调用或收到回调，这里就会出现。', quiet: '什么都还没有收到。', friends: '好友：', groups: '群：', nobody: '还没加任何成员。', me: '我', remove: '删除 {name}',
    scanned: '扫了码，加了 {name}', joined: '进了群', waits: '进群没有成功：{why}', request: '请求', answer: '回答', hint: '为什么', tries: '{n} 次投递', open: '还在路上', given: '放弃了', fine: '成功',
    noanswer: '没有回答', away: '沙箱没有回答：{why}', token: '控制令牌（启动沙箱时的 --control-token）',
    mass_customer: '群发给客户', mass_group: '群发到群', moment: '朋友圈', welcome: '欢迎语', chat: '聊天', group_welcome: '入群欢迎语', red_packet: '红包', kfname: '客服',
    client: '打开成员的客户端与侧边栏', n_staff: '成员', n_customers: '客户', n_relations: '客户关系', n_groups: '群', n_messages: '群发', n_moments: '朋友圈', n_deliveries: '送达', pending: '回调在路上', failedcb: '回调失败',
  },
  'en-US': {
    sandbox: 'sandbox', stands: '(time stands still)', speed: 'Speed', hour: '1 hour on', day: '1 day on', life: 'People live by themselves', other: '中文',
    customer: 'Be a customer', who: 'I am', newcomer: 'somebody new', way: 'Channel code', anyway: 'any', scan: 'Scan and add', joinway: 'Group code', nojoin: 'no group code yet', join: 'Scan and join',
    kf: 'Customer service', words: 'Say something, such as 营业时间', saying: 'What the member says to this customer', say: 'Send', staff: 'Be a member', member: 'Member', log: 'The server',
    calls: 'Calls', callbacks: 'Callbacks', failed: 'Failed only', notasks: 'No mass message or Moment waits for a member.', receivers: '{n} receivers', confirm: 'Send it', decline: 'Decline', openpacket: 'Open it', gotpacket: 'Got {yuan} yuan',
    nolines: 'Nothing yet. Calls and callbacks appear here as they happen.', quiet: 'Nothing has arrived yet.', friends: 'Friends: ', groups: 'Groups: ', nobody: 'Has added nobody yet.', me: 'Me', remove: 'Delete {name}',
    scanned: 'Scanned the code, added {name}', joined: 'Joined the group', waits: 'Did not join: {why}', request: 'Request', answer: 'Answer', hint: 'Why', tries: '{n} tries', open: 'under way', given: 'given up', fine: 'accepted',
    noanswer: 'no answer', away: 'The sandbox does not answer: {why}', token: 'Control token (--control-token of the sandbox)',
    mass_customer: 'mass message', mass_group: 'message to groups', moment: 'Moment', welcome: 'welcome', chat: 'chat', group_welcome: 'group welcome', red_packet: 'red packet', kfname: 'customer service',
    client: 'Open a member’s client and sidebar', n_staff: 'staff', n_customers: 'customers', n_relations: 'relations', n_groups: 'groups', n_messages: 'mass messages', n_moments: 'Moments', n_deliveries: 'deliveries', pending: 'callbacks under way', failedcb: 'callbacks failed',
  },
};
