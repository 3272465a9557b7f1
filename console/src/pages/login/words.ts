import { words } from '../../i18n/i18n'

export const w = words({
  title: ['登录', 'Sign in'],
  motto: ['听懂客户，知道停在哪里', 'Hear the customer, know when to stop'],
  user: ['账号', 'User name'],
  password: ['密码', 'Password'],
  enter: ['登录', 'Sign in'],
  needUser: ['写下账号', 'Enter your user name'],
  needPassword: ['写下密码', 'Enter your password'],
  wrong: ['账号或密码不对', 'User name or password is wrong'],
  wecom: ['用企业微信登录', 'Sign in with WeCom'],
  wecomQr: ['扫码登录', 'Sign in by QR code'],
  or: ['或者', 'or'],
  lost: ['连不上服务器，请稍后再试', 'The server cannot be reached; try again shortly'],
})
