// Lets the demo live fast for a while and judges it from outside: by the sandbox's list of what reached customers, never
// by what the platform says of itself.
//
//   node scripts/soak-demo.mjs 15m [demo flags]        wall time; the world runs at speed 600
//
// It fails when a customer got more marketing than FTG-01 allows (1 in a day, 3 in 7 days, 8 in 30, sliding), when a
// campaign reached somebody outside FTG-05's hours, when the platform is not ready, leaves dead letters or a backlog, or
// when memory keeps growing.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFileSync } from 'node:child_process';
import { ask, judge } from './node/judge.mjs';
import { freePort, start } from './node/program.mjs';

const binary = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'zhiyin');
const wanted = /^(\d+)(s|m|h)$/.exec(process.argv[2] ?? '15m');
if (!wanted) { console.error('soak: the duration looks like 30s, 15m or 2h'); process.exit(2); }
const wall = Number(wanted[1]) * { s: 1, m: 60, h: 3600 }[wanted[2]] * 1000;

function memory(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
  }
}

const demo = await start(binary, ['demo', '--json', '--speed', '600',
  '--listen', `127.0.0.1:${await freePort()}`, '--sandbox-listen', `127.0.0.1:${await freePort()}`, ...process.argv.slice(3)]);
const { url, sandbox, user, password } = demo.ready;
const { token } = await ask(`${url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user, password }) });
const mine = { headers: { authorization: `Bearer ${token}` } };

const judged = judge(sandbox);
const { problem, problems } = judged;

const samples = [];
const end = Date.now() + wall;
let state;
while (Date.now() < end && demo.running()) {
  await new Promise((resolve) => { setTimeout(resolve, Math.min(5000, Math.max(0, end - Date.now()))); });
  try {
    const r = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) });
    if (r.status !== 200) problem(`/readyz answers ${r.status}`);
    state = await ask(`${sandbox}/_sandbox/state`);
    await judged.read();
    samples.push(memory(demo.pid));
    console.log(`${state.clock}  ${Math.round(samples.at(-1))} MB  ${judged.deliveries} deliveries, ${judged.campaigns} by campaigns, ${state.callbacks_pending} callbacks pending`);
  } catch (err) {
    problem(String(err.message ?? err));
  }
}
if (!demo.running()) problem(`the demo ended\n${demo.log().slice(-3000)}`);
else {
  if (state?.callbacks_pending > 1000) problem(`${state.callbacks_pending} callbacks wait`);
  const dead = await ask(`${url}/api/v1/dead-letters`, mine).catch((err) => { problem(err.message); return { items: [] }; });
  if (dead.items.length > 0) problem(`dead letters: ${JSON.stringify(dead.items[0]).slice(0, 300)}`);
  await demo.stop().catch((err) => problem(err.message));
}
// Memory after warming up (second quarter) against the end (last quarter).
const quarter = Math.floor(samples.length / 4);
if (quarter >= 5) {
  const mean = (a) => a.reduce((x, y) => x + y, 0) / a.length;
  const early = mean(samples.slice(quarter, 2 * quarter));
  const late = mean(samples.slice(-quarter));
  console.log(`memory: ${Math.round(early)} MB warm, ${Math.round(late)} MB at the end`);
  if (late > 1.5 * early && late - early > 100) problem(`memory grew from ${Math.round(early)} to ${Math.round(late)} MB`);
}
if (judged.campaigns === 0) problem('no campaign reached anybody: nothing was tested');
console.log(`${judged.touched.size} customers reached by campaigns, ${judged.campaigns} times; ${problems.size} problems`);
process.exit(problems.size > 0 ? 1 : 0);
