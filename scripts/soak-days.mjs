// Lets a platform that follows a sandbox's clock live through a season and judges it from outside (node/judge.mjs).
//
//   node scripts/soak-days.mjs 90 20m [--staff N] [--customers N] [--pace X] [--groups N] [--stops X]
//
// Two processes: the sandbox with people who live (docs/sandbox.md), and serve with ZHIYIN_CLOCK_URL. This script is the
// operator: every day he plans a send by tags at 10:20, every third day one at 23:10, and --stops a day (0.2 = one in five
// days) of those who were reached say stop. It fails when a cap, the hours or a stop was not kept, when the sandbox answered a call with a code of
// a limit, when the platform is not ready, leaves dead letters or grows without end, or when the days were not over in time.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ask, judge } from './node/judge.mjs';
import { freePort, serve, start } from './node/program.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { staff: { type: 'string', default: '8' }, customers: { type: 'string', default: '3000' }, pace: { type: 'string', default: '0.1' }, groups: { type: 'string', default: '10' }, stops: { type: 'string', default: '3' } },
});
const days = Number(positionals[0] ?? 90);
const limit = /^(\d+)(s|m|h)$/.exec(positionals[1] ?? '20m');
if (!Number.isInteger(days) || days < 1 || !limit) {
  console.error('soak-days: want a number of days and a limit such as 20m');
  process.exit(2);
}
const began = Date.now();
const end = began + Number(limit[1]) * { s: 1, m: 60, h: 3600 }[limit[2]] * 1000;

const binary = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'zhiyin');
const dir = mkdtempSync(join(tmpdir(), 'zhiyin-soak-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // what was started ends with us

const first = Date.parse('2026-03-02T09:00:00+08:00'); // a Monday
const stamp = (t) => new Date(t).toISOString().replace('.000Z', 'Z');
const box = await start(binary, ['sandbox', '--listen', `127.0.0.1:${await freePort()}`, '--front', '', '--data', join(dir, 'sandbox'),
  '--customers', values.customers, '--staff', values.staff, '--groups', values.groups, '--speed', '0', '--patience', '2m', '--start', stamp(first)]);
const { base, corp_id, agent_id, secrets, callback } = box.ready;
const url = `http://127.0.0.1:${await freePort()}`;
const password = 'a password for the soak';
const platform = await serve(binary, url, {
  ZHIYIN_LISTEN: url.slice('http://'.length), ZHIYIN_PUBLIC_URL: url, ZHIYIN_DATA: join(dir, 'platform'), ZHIYIN_ADMIN_PASSWORD: password,
  ZHIYIN_WECOM_BASE_URL: base, ZHIYIN_WECOM_OPEN_URL: base, ZHIYIN_WECOM_LOGIN_URL: base, ZHIYIN_CLOCK_URL: base,
  ZHIYIN_WECOM_CORP_ID: corp_id, ZHIYIN_WECOM_AGENT_ID: String(agent_id),
  ZHIYIN_WECOM_APP_SECRET: secrets.app, ZHIYIN_WECOM_CONTACT_SECRET: secrets.contact, ZHIYIN_WECOM_EXTERNAL_SECRET: secrets.external, ZHIYIN_WECOM_KF_SECRET: secrets.kf,
  ZHIYIN_WECOM_CALLBACK_TOKEN: callback.token, ZHIYIN_WECOM_CALLBACK_AES_KEY: callback.aes_key,
});
const post = (body) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const control = (path, body) => ask(`${base}/_sandbox/${path}`, post(body));
const { token } = await ask(`${url}/api/v1/session`, post({ user: 'admin', password }));
const api = (path, body) => {
  const init = body === undefined ? {} : post(body);
  return ask(`${url}/api/v1${path}`, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
};
await control('callbacks', { url: `${url}/callback/wecom`, token: callback.token, aes_key: callback.aes_key });
for (let n = 0; ; n++) {
  const { state } = await api('/sync');
  if (state === 'done') break;
  if (state === 'failed' || n > 600) throw new Error(`the first sync is ${state}`);
  await control('clock', { advance: '1s' });
}
await ask(`${url}/api/v1/governance/admission`, { ...post({ answers: { gambling: false, pornography: false, fraud: false, ecosystem: false, data: false } }), method: 'PUT', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } });
await control('life', { running: true, pace: Number(values.pace) });

const court = judge(base);
const { problem, problems } = court;

const tags = (await api('/tag-groups')).items.flatMap((g) => g.tags).filter((t) => t.customers > 0).map((t) => t.id);

// A member who is a manager: sends that reach many need a second person, who logs in as members do.
const manager = 'S02';
await ask(`${url}/api/v1/staff/${manager}`, { ...post({ role: 'manager', scope: 'all' }), method: 'PATCH', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } });
const cookies = (response) => response.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
async function logIn() {
  const begun = await fetch(`${url}/api/v1/session/wecom`);
  const state = new URL((await begun.json()).oauth_url).searchParams.get('state');
  const { code } = await control('oauth/code', { userid: manager });
  const back = await fetch(`${url}/login/wecom?code=${code}&state=${state}`, { redirect: 'manual', headers: { cookie: cookies(begun) } });
  return cookies(back);
}
async function approve(id, reachable) {
  const cookie = await logIn();
  const r = await fetch(`${url}/api/v1/broadcasts/${id}/approve`, { ...post({ expect_reachable: reachable }), headers: { 'content-type': 'application/json', cookie } });
  if (!r.ok) throw new Error(`approve ${id}: ${r.status} ${await r.text()}`);
}

// Something new every time: the same words reach nobody twice.
const things = ['保湿面霜', '山茶洗发水', '玫瑰护手油', '燕麦身体乳', '海藻面膜', '竹炭洁面', '桂花香皂', '羊毛浴巾', '木梳礼盒', '薰衣草枕', '青柠牙膏', '防晒喷雾', '雪松香薰'];
const news = ['今早刚到货，可以先试再买', '老师傅在店里讲怎么用', '换了新的包装，旧瓶可以带来回收', '和邻街的花店一起摆摊', '上周问的人多，我们写了一页说明', '有小样，孩子也能用', '做了加大的一款'];
let said = 0;

async function send(name, chosen) {
  const words = `${things[said % things.length]}${news[said++ % news.length]}。`;
  const { id } = await api('/broadcasts', { name, benefit: '提醒会员日的免费补水', text: words + '会员日护理提醒：预约门店免费补水一次。不想再收到，回复“退订”我来关掉。', audience: { tags: chosen.map((n) => tags[n % tags.length]), tag_mode: 'any' } });
  let state;
  for (let n = 0; ; n++) { // the plan may change while it is looked at, by either of the two: then it is looked at again
    const plan = await api(`/broadcasts/${id}/plan`);
    try {
      if (state !== 'review') ({ state } = await api(`/broadcasts/${id}/submit`, { expect_reachable: plan.reachable }));
      if (state === 'review') await approve(id, plan.reachable);
      return;
    } catch (err) {
      if (n === 4 || !/reach_changed/.test(err.message)) throw err;
    }
  }
}

const day = 24 * 3600_000;
const until = (t) => control('clock', { set: stamp(t) });
const title = `${days} days of ${values.customers}`;
const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const processor = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((x, y) => x + Number(y), 0) / 100;
const samples = { platform: [], sandbox: [] };
const used = { platform: 0, sandbox: 0 }; // seconds of processor
let lived = 0;
let stops = 0;
let reached = 0; // by campaigns until the day before
let idle = 0; // days in a row on which they reached nobody
const mostIdle = 20; // beyond that sending has ended, and nothing is tested any more
try {
  for (; lived < days && Date.now() < end; lived++) {
    const morning = first + lived * day; // 9:00
    await until(morning + 80 * 60_000);
    await send(`白天 ${lived + 1}`, [lived, lived + 1]);
    await until(morning + 6 * 3600_000);
    await court.read();
    const owed = Math.floor((lived + 1) * Number(values.stops)) - Math.floor(lived * Number(values.stops));
    const newest = [...court.touched.keys()].filter((c) => !court.hasStopped(c));
    for (const customer of newest.slice(Math.max(0, newest.length - owed))) { // the newest of those who were reached say stop
      const { clock } = await ask(`${base}/_sandbox/clock`);
      const said = await api(`/customers/${customer}/optout`, {}).then(() => true, (err) => { if (!/ 404/.test(err.message)) problem(err.message); return false; });
      if (said) { court.stop(customer, Date.parse(clock)); stops++; }
    }
    await until(morning + 14 * 3600_000 + 10 * 60_000); // 23:10
    if (lived % 3 === 0) await send(`深夜 ${lived + 1}`, [lived + 2, lived + 3]);
    await until(morning + day);
    await court.read();
    idle = court.campaigns > reached ? 0 : idle + 1;
    reached = court.campaigns;
    if (idle === mostIdle) problem(`from day ${lived + 1 - mostIdle} on no campaign reached anybody`);
    for (const [name, { pid }] of [['platform', platform], ['sandbox', box]]) {
      samples[name].push(memory(pid));
      used[name] = processor(pid);
    }
    if (lived % 10 === 9) {
      const mb = (name) => Math.round(samples[name].at(-1));
      console.log(`${title}: day ${lived + 1}, ${Math.round((Date.now() - began) / 1000)} s, processor ${Math.round(used.platform)} + ${Math.round(used.sandbox)} s, ` +
        `memory ${mb('platform')} + ${mb('sandbox')} MB, ${court.campaigns} by campaigns of ${court.deliveries} deliveries, ${stops} stops`);
    }
  }
} catch (err) {
  problem(`day ${lived + 1}: ${err.message}\n${platform.log().slice(-3000)}`);
}
if (lived < days) problem(`only ${lived} of ${days} days were lived in ${limit[0]}`);

const limits = ['45009', '45033', '41078', '41210', '95001'];
const calls = await ask(`${base}/_sandbox/calls`);
for (const [path, e] of Object.entries(calls.endpoints)) {
  for (const code of limits) if (e.errcodes[code]) problem(`${path} answered ${code} ${e.errcodes[code]} times`);
}
const ready = await fetch(`${url}/readyz`);
if (ready.status !== 200) problem(`/readyz answers ${ready.status}`);
const dead = await api('/dead-letters').catch((err) => { problem(err.message); return { items: [] }; });
if (dead.items.length > 0) problem(`dead letters: ${JSON.stringify(dead.items[0]).slice(0, 300)}`);
const state = await ask(`${base}/_sandbox/state`);
if (state.callbacks_pending > 0) problem(`${state.callbacks_pending} callbacks wait though the world stands`);
if (state.overruns > 0) problem(`the world went on ${state.overruns} times without the platform`);
if (court.campaigns === 0) problem('no campaign reached anybody: nothing was tested');
for (const [name, all] of Object.entries(samples)) {
  const quarter = Math.floor(all.length / 4);
  if (quarter < 5) continue;
  const mean = (a) => a.reduce((x, y) => x + y, 0) / a.length;
  const [early, late] = [mean(all.slice(quarter, 2 * quarter)), mean(all.slice(-quarter))];
  console.log(`${title}: memory of the ${name} ${Math.round(early)} MB in the second quarter, ${Math.round(late)} MB in the last, ${Math.round(Math.max(...all))} MB at most`);
  if (late > 1.5 * early && late - early > 100) problem(`memory of the ${name} grew from ${Math.round(early)} to ${Math.round(late)} MB`);
}
await platform.stop().catch((err) => problem(err.message));
await box.stop().catch((err) => problem(err.message));
const codes = {};
for (const e of Object.values(calls.endpoints)) for (const [code, n] of Object.entries(e.errcodes)) codes[code] = (codes[code] ?? 0) + n;
const over = limits.reduce((n, code) => n + (codes[code] ?? 0), 0);
console.log(`${title}: ${lived} days lived in ${Math.round((Date.now() - began) / 1000)} s, processor ${Math.round(used.platform)} + ${Math.round(used.sandbox)} s; ` +
  `${court.touched.size} customers reached ${court.campaigns} times by campaigns, ${court.deliveries} deliveries in all; ${stops} stops; ` +
  `${calls.total.calls} calls by code ${JSON.stringify(codes)}; ${over} over a limit`);
console.log(`${title}: ${problems.size} problems`);
process.exit(problems.size > 0 ? 1 : 0);
