// Runs the browser tests: starts a sandbox whose people wait for the control plane and a platform that follows its clock, on a
// Tuesday at ten, runs e2e/browser/*.test.mjs against them, stops both. BINARY names another binary than bin/zhiyin.
//
//   node e2e/run.mjs [FILE...]        ONLY=pattern picks tests by name; KEEP=DIR keeps the pictures there
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, serve, start } from '../scripts/node/program.mjs';
import { runTests } from '../scripts/node/suite.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.env.BINARY ?? join(here, '..', 'bin', 'zhiyin');
const chromium = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'].find((p) => p && existsSync(p));
const stop = (why) => { console.error(`e2e: ${why}`); process.exit(1); };
if (!existsSync(binary)) stop('bin/zhiyin is missing; run make build');
if (!chromium) stop('no Chromium found; set CHROMIUM to its path');
if (!existsSync(join(here, 'node_modules', 'playwright-core'))) stop('playwright-core is missing; run scripts/npm-ci.sh e2e');

const pictures = process.env.KEEP ? resolve(process.env.KEEP) : mkdtempSync(join(tmpdir(), 'zhiyin-e2e-'));
mkdirSync(pictures, { recursive: true });
const files = process.argv.length > 2 ? process.argv.slice(2).map((f) => resolve(f))
  : readdirSync(join(here, 'browser')).filter((f) => f.endsWith('.test.mjs')).sort().map((f) => join(here, 'browser', f));

const password = 'correct horse';
const box = await start(binary, ['sandbox', '--listen', `127.0.0.1:${await freePort()}`, '--seed', '7', '--staff', '12', '--customers', '300',
  '--groups', '6', '--start', '2026-11-24T10:00:00+08:00', '--patience', '5m']);
const { base, corp_id: corp, agent_id: agent, secrets, callback } = box.ready;
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const data = mkdtempSync(join(tmpdir(), 'zhiyin-e2e-data-'));
const platform = await serve(binary, url, {
  ZHIYIN_LISTEN: `127.0.0.1:${port}`, ZHIYIN_PUBLIC_URL: url, ZHIYIN_DATA: data, ZHIYIN_ADMIN_PASSWORD: password, ZHIYIN_CLOCK_URL: base,
  ZHIYIN_WECOM_BASE_URL: base, ZHIYIN_WECOM_OPEN_URL: base, ZHIYIN_WECOM_LOGIN_URL: base, ZHIYIN_WECOM_CORP_ID: corp, ZHIYIN_WECOM_AGENT_ID: String(agent),
  ZHIYIN_WECOM_APP_SECRET: secrets.app, ZHIYIN_WECOM_CONTACT_SECRET: secrets.contact,
  ZHIYIN_WECOM_CALLBACK_TOKEN: callback.token, ZHIYIN_WECOM_CALLBACK_AES_KEY: callback.aes_key,
});
await fetch(`${base}/_sandbox/callbacks`, { method: 'POST', body: JSON.stringify({ url: `${url}/callback/wecom`, ...callback }) });
// Nobody is held out, so that the stories can tell whom a message reaches.
const { token } = await (await fetch(`${url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: 'admin', password }) })).json();
const authorised = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const caps = await (await fetch(`${url}/api/v1/governance/caps`, { headers: authorised })).json();
const set = await fetch(`${url}/api/v1/governance/caps`, {
  method: 'PUT', headers: authorised,
  body: JSON.stringify({ rules: caps.rules.map(({ days, cap }) => ({ days, cap })), quiet: { from: caps.quiet.from, to: caps.quiet.to, sunday_from: caps.quiet.sunday_from }, holdout: 0 }),
});
if (!set.ok) stop(`the holdout could not be set: ${await set.text()}`);
// Marketing waits for an owner's answers.
const admitted = await fetch(`${url}/api/v1/governance/admission`, {
  method: 'PUT', headers: authorised, body: JSON.stringify({ answers: { gambling: false, pornography: false, fraud: false, ecosystem: false, data: false } }),
});
if (!admitted.ok) stop(`the admission could not be answered: ${await admitted.text()}`);
let code = 1;
try {
  code = await runTests(files, {
    E2E_URL: url,
    E2E_USER: 'admin',
    E2E_PASSWORD: password,
    E2E_SANDBOX: base,
    E2E_PICTURES: pictures,
    E2E_CHROMIUM: chromium,
  });
} finally {
  for (const program of [platform, box]) {
    try {
      await program.stop();
    } catch (err) {
      console.error(String(err.message ?? err));
      code = 1;
    }
  }
  rmSync(data, { recursive: true, force: true });
  if (/^(panic:|fatal error:|WARNING: DATA RACE)/m.test(platform.log())) {
    console.error(`the platform's log shows a crash:\n${platform.log().slice(-4000)}`);
    code = 1;
  }
  if (code !== 0) console.error(`platform's log, last lines:\n${platform.log().slice(-3000)}`);
  if (code !== 0 || process.env.KEEP) console.error(`pictures: ${pictures}`);
  else rmSync(pictures, { recursive: true, force: true });
}
process.exit(code);
