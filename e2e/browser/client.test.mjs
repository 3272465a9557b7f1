// The sandbox's client: a page in its sidebar, of another origin and with a strict policy, talks to the stand-in of the JS-SDK.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { open, sandboxURL } from './lib.mjs';

const control = async (path, body) => {
  const r = await fetch(`${sandboxURL}/_sandbox/${path}`, body && { method: 'POST', body: JSON.stringify(body) });
  return r.json();
};

const names = ['getContext', 'getCurExternalContact', 'sendChatMessage'];

// The page signs nothing itself: /signed answers the arguments of config and agentConfig, signed with the tickets.
const script = `
const say = (id, what) => { document.getElementById(id).textContent = JSON.stringify(what); };
const signed = (kind) => fetch('/signed?kind=' + kind + '&page=' + encodeURIComponent(location.href.split('#')[0])).then((r) => r.json());
document.getElementById('send').addEventListener('click', () => {
  wx.invoke('sendChatMessage', { msgtype: 'text', text: { content: '来自侧边栏' } }, (res) => say('sent', res));
});
wx.ready((res) => say('config', res));
wx.error((res) => say('config', res));
signed('corp').then((o) => wx.config({ beta: true, ...o }));
signed('agent').then((o) => wx.agentConfig({ ...o, fail: (res) => say('agent', res), success: (res) => {
  say('agent', res);
  wx.invoke('getCurExternalContact', {}, (res) => say('customer', res));
  wx.invoke('getCurExternalChat', {}, (res) => say('chat', res));
  ww.getContext().then((res) => say('context', res));
} }));
`;

/** Serves the sidebar of an app. */
async function sidebar(t) {
  const { corp_id: corpid, agent_id: agentid, secrets } = await control('ready');
  const call = (path) => fetch(`${sandboxURL}/cgi-bin/${path}`).then((r) => r.json());
  const { access_token: token } = await call(`gettoken?corpid=${corpid}&corpsecret=${secrets.app}`);
  const server = createServer(async (req, res) => {
    const asked = new URL(req.url, 'http://127.0.0.1');
    res.setHeader('Content-Security-Policy', `default-src 'self'; script-src 'self' ${sandboxURL}; frame-ancestors 'none'`);
    res.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    res.setHeader('Referrer-Policy', 'no-referrer');
    if (asked.pathname === '/app.js') {
      res.setHeader('Content-Type', 'text/javascript');
      res.end(script);
      return;
    }
    if (asked.pathname === '/signed') {
      const { ticket } = await call(asked.searchParams.get('kind') === 'corp' ? `get_jsapi_ticket?access_token=${token}` : `ticket/get?type=agent_config&access_token=${token}`);
      const text = `jsapi_ticket=${ticket}&noncestr=n&timestamp=1700000000&url=${asked.searchParams.get('page')}`;
      res.end(JSON.stringify({
        appId: corpid, corpid, agentid, timestamp: 1700000000, nonceStr: 'n', jsApiList: names, signature: createHash('sha1').update(text).digest('hex'),
      }));
      return;
    }
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    res.end(`<!doctype html><title>sidebar</title><link rel="icon" href="data:,">
      <p id="config"></p><p id="agent"></p><p id="customer"></p><p id="chat"></p><p id="context"></p><button id="send">send</button><p id="sent"></p>
      <script src="${sandboxURL}/open/js/jweixin-1.2.0.js"></script><script src="${sandboxURL}/wwopen/js/jwxwork-1.0.0.js"></script><script src="/app.js"></script>`);
  });
  await new Promise((ready) => { server.listen(0, '127.0.0.1', ready); });
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/sidebar?a=1`;
}

test('a sidebar learns its customer and sends in the name of the member', async (t) => {
  const address = await sidebar(t);
  const page = await open(t, { loggedIn: false });
  await page.goto(`${sandboxURL}/client`);
  await page.locator('input[name="url"]').fill(address);
  await page.locator('button').click();
  await page.waitForURL(/\/client\/\w+$/);
  const popup = page.waitForEvent('popup');
  await page.locator('#open').click();
  const inside = await popup;
  const says = async (id) => {
    await inside.locator(`#${id}:not(:empty)`).waitFor();
    return JSON.parse(await inside.locator(`#${id}`).textContent());
  };
  assert.deepEqual(await says('config'), { errMsg: 'config:ok' });
  assert.equal((await says('agent')).errMsg, 'agentConfig:ok');
  const { userId, err_msg: message } = await says('customer');
  assert.equal(message, 'getCurExternalContact:ok');
  assert.equal((await says('chat')).err_msg, 'getCurExternalChat:fail_nopermission');
  assert.deepEqual(await says('context'), { entry: 'single_chat_tools', errMsg: 'getContext:ok', errCode: 0 });
  assert.equal(inside.url(), address, 'the page keeps its address');
  const { next } = await control('deliveries');
  await inside.locator('#send').click();
  assert.equal((await says('sent')).err_msg, 'sendChatMessage:ok');
  const { items } = await control(`deliveries?after=${next}`);
  assert.deepEqual(items.map((d) => [d.customer, d.origin, d.text]), [[userId, 'member', '来自侧边栏']]);
  await page.locator('#lines li', { hasText: '来自侧边栏' }).waitFor();
  await inside.reload();
  assert.equal((await says('customer')).userId, userId, 'a page loaded anew is still in its window');
  await page.locator('form[data-act="customer_says"] input').fill('收到');
  await page.locator('form[data-act="customer_says"] button').click();
  await page.locator('#lines li', { hasText: '收到' }).waitFor();
});
