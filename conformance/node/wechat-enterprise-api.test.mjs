// wechat-enterprise-api, an independent client of the years before customer contact: tokens, contacts, media, messages,
// login, tickets, menus. It speaks for one secret at a time; its `prefix` is the address it talks to.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { control, jsapiSignature, ready, someMember } from './sandbox.mjs';

const API = createRequire(import.meta.url)('wechat-enterprise-api');
const { secrets } = ready;
// The front stands for the host that the package knows by itself; the package looks at HTTPS_PROXY when told to.
const viaFront = process.env.VIA === 'front';
const files = mkdtempSync(join(tmpdir(), 'zhiyin-upload-'));
after(() => rmSync(files, { recursive: true, force: true }));

function client(secret, corpID = ready.corp_id) {
  const api = new API(corpID, secret, ready.agent_id);
  if (!viaFront) api.prefix = `${ready.base}/cgi-bin/`;
  api.setOpts({ timeout: 10_000, enableProxy: viaFront });
  return api;
}
const ask = (api, method, ...args) => new Promise((resolve, reject) => {
  api[method](...args, (err, data) => (err ? reject(err) : resolve(data)));
});
const refused = (code, call) => assert.rejects(call, (err) => {
  assert.equal(err.code, code, String(err));
  return true;
});

test('a token is given for corp and secret', async () => {
  const { accessToken } = await ask(client(secrets.app), 'getAccessToken');
  assert.ok(accessToken);
});

test('the client keeps its token: several calls fetch it once', async () => {
  await control('calls', undefined, 'DELETE');
  const api = client(secrets.contact);
  for (let i = 0; i < 4; i++) await ask(api, 'getDepartments');
  const { endpoints } = await control('calls');
  assert.equal(endpoints['/cgi-bin/gettoken'].calls, 1);
  assert.equal(endpoints['/cgi-bin/department/list'].calls, 4);
});

test('a wrong secret is refused with 40001', () => refused(40001, ask(client('not-the-secret'), 'getAccessToken')));
test('a wrong corp is refused with 40013', () => refused(40013, ask(client(secrets.app, 'ww0000000000000000'), 'getAccessToken')));

test('a made-up token is refused with 40014', async () => {
  const api = client(secrets.app);
  api.store = { accessToken: 'made-up' };
  await refused(40014, ask(api, 'getDepartments'));
});

test('an expired token is refused with 42001, a new one works', async () => {
  const api = client(secrets.contact);
  await ask(api, 'getDepartments');
  await control('tokens/expire', {});
  await refused(42001, ask(api, 'getDepartments'));
  await ask(client(secrets.contact), 'getDepartments');
});

test('departments form one tree under department 1', async () => {
  const { department } = await ask(client(secrets.contact), 'getDepartments');
  const ids = new Set(department.map((d) => d.id));
  assert.equal(ids.size, department.length, 'ids are unique');
  assert.ok(ids.has(1) && ids.size > 1);
  for (const d of department) assert.ok(d.id === 1 || ids.has(d.parentid), `department ${d.id} hangs under ${d.parentid}`);
});

test('short and long member lists name the same people', async () => {
  const api = client(secrets.contact);
  const short = (await ask(api, 'getDepartmentUsers', 1, 1, 0)).userlist;
  const long = (await ask(api, 'getDepartmentUsersDetail', 1, 1, 0)).userlist;
  assert.ok(short.length >= 2);
  assert.deepEqual(short.map((u) => u.userid).sort(), long.map((u) => u.userid).sort());
  for (const u of long) assert.ok(Array.isArray(u.department) && u.department.length > 0, u.userid);
});

test('one member is read by id', async () => {
  const id = await someMember();
  const user = await ask(client(secrets.contact), 'getUser', id);
  assert.equal(user.userid.toLowerCase(), id.toLowerCase());
  assert.ok(Array.isArray(user.department));
});

test('an unknown member is refused with 60111', () => refused(60111, ask(client(secrets.contact), 'getUser', 'nobody-of-that-name')));

async function uploaded(name, bytes, kind) {
  const path = join(files, name);
  writeFileSync(path, bytes);
  const answer = await ask(client(secrets.app), 'uploadMedia', path, kind);
  assert.equal(answer.type, kind);
  assert.ok(answer.media_id);
  assert.match(answer.created_at, /^\d{10}$/, 'created_at is a string of seconds');
  return answer.media_id;
}
// The smallest PNG that is one: a single grey point.
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==', 'base64');

test('an image is taken', () => uploaded('point.png', png, 'image'));
test('a file comes back byte for byte', async () => {
  const bytes = randomBytes(70_000);
  const id = await uploaded('noise.bin', bytes, 'file');
  assert.deepEqual(await ask(client(secrets.app), 'getMedia', id), bytes);
});
test('an unknown medium is refused with 40007', async () => {
  // The client makes an error of it only for one spelling of the content type; the code is in the body either way.
  const answer = await ask(client(secrets.app), 'getMedia', 'no-such-medium').catch((err) => err);
  const code = Buffer.isBuffer(answer) ? JSON.parse(answer).errcode : answer.errcode ?? answer.code;
  assert.ok(code === 40007 || /invalid media_id/.test(answer.message ?? ''), String(answer));
});

const say = (to) => ask(client(secrets.app), 'send', to, { msgtype: 'text', text: { content: '你好' }, safe: 0 });

test('a text to one member is sent', async () => {
  const answer = await say({ touser: await someMember() });
  assert.ok(answer.msgid);
  assert.ok(!answer.invaliduser);
});
test('a text to a known and an unknown member names the unknown one', async () => {
  const answer = await say({ touser: `${await someMember()}|nobody-of-that-name` });
  assert.match(answer.invaliduser, /nobody-of-that-name/);
});
test('a text to nobody that exists is refused with 81013', () => refused(81013, say({ touser: 'nobody-of-that-name' })));
test('a text without any receiver is refused', () => assert.rejects(say({ touser: '' }), (err) => {
  assert.ok(err.code > 0 && ![40001, 40014, 41001, 42001].includes(err.code), String(err));
  return true;
}));

test('a ticket is given, and the client\'s page signature is right', async () => {
  const api = client(secrets.app);
  const { ticket } = await ask(api, 'getTicket');
  assert.ok(ticket);
  const url = 'https://shop.example.com/page?from=wecom';
  const config = await ask(api, 'getJsConfig', { debug: false, jsApiList: ['scanQRCode'], url });
  assert.equal(config.appId, ready.corp_id);
  assert.equal(config.signature, jsapiSignature(ticket, config.nonceStr, config.timestamp, url));
});

test('a login code names its member', async () => {
  const id = await someMember();
  const { code } = await control('oauth/code', { userid: id });
  const answer = await ask(client(secrets.app), 'getUserIdByCode', code);
  assert.equal(answer.UserId ?? answer.userid, id);
});
test('a login code works once', async () => {
  const { code } = await control('oauth/code', {});
  await ask(client(secrets.app), 'getUserIdByCode', code);
  await refused(40029, ask(client(secrets.app), 'getUserIdByCode', code));
});
test('a made-up login code is refused with 40029', () => refused(40029, ask(client(secrets.app), 'getUserIdByCode', 'made-up')));
test('the login address carries corp, return address and fragment', () => {
  const u = new URL(client(secrets.app).getAuthorizeURL('https://shop.example.com/back?a=b', 'state', 'snsapi_base'));
  assert.equal(u.searchParams.get('appid'), ready.corp_id);
  assert.equal(u.searchParams.get('redirect_uri'), 'https://shop.example.com/back?a=b');
  assert.equal(u.hash, '#wechat_redirect');
});

test('the app describes itself', async () => {
  const agent = await ask(client(secrets.app), 'getAgent', ready.agent_id);
  assert.equal(Number(agent.agentid), ready.agent_id);
  assert.ok(agent.name);
});
test('a menu is made, read back and removed', async () => {
  const api = client(secrets.app);
  const menu = { button: [{ type: 'click', name: '今日', key: 'TODAY' }, { name: '更多', sub_button: [{ type: 'view', name: '官网', url: 'https://shop.example.com' }] }] };
  await ask(api, 'createMenu', menu);
  const read = await ask(api, 'getMenu');
  const buttons = read.button ?? read.menu?.button;
  assert.deepEqual(buttons.map((b) => b.name), ['今日', '更多']);
  assert.equal(buttons[1].sub_button[0].name, '官网');
  await ask(api, 'removeMenu');
});
