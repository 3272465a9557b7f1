// Runs test files with node's own runner and counts what ran.
import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs the files one after the other. The counts go to standard output and, for the whole test run's total, to the file
 * that ZHIYIN_TEST_TOTALS names. Answers the exit code: 1 also when nothing ran.
 */
export async function runTests(files, env = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'zhiyin-tests-'));
  const tap = join(dir, 'tap');
  const only = process.env.ONLY ? [`--test-name-pattern=${process.env.ONLY}`] : [];
  const args = ['--test', '--test-concurrency=1', ...only,
    '--test-reporter=spec', '--test-reporter-destination=stdout',
    '--test-reporter=tap', `--test-reporter-destination=${tap}`, ...files];
  try {
    const code = await new Promise((resolve, reject) => {
      const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: 'inherit' });
      child.once('error', reject);
      child.once('exit', (c, signal) => resolve(c ?? `killed by ${signal}`));
    });
    const text = readFileSync(tap, 'utf8');
    const count = (word) => Number(text.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
    // The runner counts a file that registers no test as one passed test.
    const empty = text.split('\n').filter((l) => /^ok \d+ - \S*\.test\.mjs$/.test(l));
    const passed = count('pass') - empty.length;
    const failed = count('fail') + count('cancelled');
    const skipped = count('skipped') + count('todo');
    if (process.env.ZHIYIN_TEST_TOTALS) appendFileSync(process.env.ZHIYIN_TEST_TOTALS, `${passed} ${failed} ${skipped}\n`);
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    for (const l of empty) console.error(`no test in ${l.replace(/^ok \d+ - /, '')}`);
    if (passed === 0) console.error('no test ran');
    return code !== 0 || failed > 0 || passed === 0 || empty.length > 0 ? 1 : 0;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
