// Runs the browser tests: starts `bin/zhiyin demo` on free ports, runs e2e/browser/*.test.mjs against it, stops it.
//
//   node e2e/run.mjs [FILE...]        ONLY=pattern picks tests by name; KEEP=DIR keeps the pictures there
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, start } from '../scripts/node/program.mjs';
import { runTests } from '../scripts/node/suite.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const binary = join(here, '..', 'bin', 'zhiyin');
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

const demo = await start(binary, ['demo', '--json',
  '--listen', `127.0.0.1:${await freePort()}`, '--sandbox-listen', `127.0.0.1:${await freePort()}`, '--seed', '7']);
let code = 1;
try {
  code = await runTests(files, {
    E2E_URL: demo.ready.url.replace(/\/+$/, ''),
    E2E_USER: demo.ready.user,
    E2E_PASSWORD: demo.ready.password,
    E2E_SANDBOX: demo.ready.sandbox,
    E2E_PICTURES: pictures,
    E2E_CHROMIUM: chromium,
  });
} finally {
  try {
    await demo.stop();
  } catch (err) {
    console.error(String(err.message ?? err));
    code = 1;
  }
  if (/^(panic:|fatal error:|WARNING: DATA RACE)/m.test(demo.log())) {
    console.error(`the demo's log shows a crash:\n${demo.log().slice(-4000)}`);
    code = 1;
  }
  if (code !== 0) console.error(`demo log, last lines:\n${demo.log().slice(-3000)}`);
  if (code !== 0 || process.env.KEEP) console.error(`pictures: ${pictures}`);
  else rmSync(pictures, { recursive: true, force: true });
}
process.exit(code);
