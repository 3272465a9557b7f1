// Runs strangers' clients against a sandbox of its own: with its address in place of WeCom's, then, for clients that know
// a host of their own, unmodified through the front, by HTTPS_PROXY and the front's certificate.
//
//   node run.mjs --binary bin/zhiyin      ONLY=pattern picks cases by name
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, start } from '../../scripts/node/program.mjs';
import { runTests } from '../../scripts/node/suite.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { binary: { type: 'string', default: join(here, '..', '..', 'bin', 'zhiyin') } } });

const data = mkdtempSync(join(tmpdir(), 'zhiyin-conformance-'));
const sandbox = await start(values.binary, ['sandbox', '--data', data, '--seed', '11', '--listen', `127.0.0.1:${await freePort()}`, '--front', `127.0.0.1:${await freePort()}`]);
let code = 1;
try {
  const files = readdirSync(here).filter((f) => f.endsWith('.test.mjs')).sort().map((f) => join(here, f));
  const env = { SANDBOX: JSON.stringify(sandbox.ready) };
  console.log('== by the address of the sandbox');
  code = await runTests(files, env);
  console.log('== through the front');
  const { proxy, ca_file: authority } = sandbox.ready.front;
  const through = { ...env, VIA: 'front', HTTPS_PROXY: proxy, NODE_EXTRA_CA_CERTS: authority };
  const known = files.filter((f) => readFileSync(f, 'utf8').includes('process.env.VIA'));
  code = Math.max(code, await runTests(known, through));
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
