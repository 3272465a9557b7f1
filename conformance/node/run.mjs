// Runs strangers' clients against a sandbox of its own.
//
//   node run.mjs --binary bin/zhiyin      ONLY=pattern picks cases by name
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, start } from '../../scripts/node/program.mjs';
import { runTests } from '../../scripts/node/suite.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { binary: { type: 'string', default: join(here, '..', '..', 'bin', 'zhiyin') } } });

const data = mkdtempSync(join(tmpdir(), 'zhiyin-conformance-'));
const sandbox = await start(values.binary, ['sandbox', '--data', data, '--seed', '11', '--listen', `127.0.0.1:${await freePort()}`]);
let code = 1;
try {
  const files = readdirSync(here).filter((f) => f.endsWith('.test.mjs')).sort().map((f) => join(here, f));
  code = await runTests(files, { SANDBOX: JSON.stringify(sandbox.ready) });
} finally {
  try {
    await sandbox.stop();
  } catch (err) {
    console.error(err.message);
    code = 1;
  }
  rmSync(data, { recursive: true, force: true });
}
process.exit(code);
