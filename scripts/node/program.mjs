// Starts our binary for a test run and stops it again.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** Finds a port of 127.0.0.1 that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const s = createServer();
    s.once('error', reject);
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}

/** Starts `zhiyin serve`, which prints no ready line, and waits until it answers. The environment is all it is told. */
export function serve(binary, url, env) {
  return start(binary, ['serve'], { env, ready: () => fetch(`${url}/readyz`).then((r) => r.ok, () => false) });
}

/**
 * Starts a program and waits for its one ready line of JSON on standard output, or until `ready` answers true.
 * stop() sends SIGTERM and fails when the program does not end cleanly within ten seconds.
 */
export async function start(binary, args, { env = {}, readyWithin = 60_000, ready: asked } = {}) {
  const child = spawn(binary, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (b) => { log = (log + b).slice(-200_000); });
  const ended = new Promise((resolve) => {
    child.once('error', (err) => { log += String(err); resolve({ code: 127 }); });
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  let over = false;
  const readyLine = new Promise((resolve) => {
    void (async () => {
      while (asked && !over) {
        if (await asked()) return resolve({ ready: true });
        await new Promise((again) => { setTimeout(again, 50); });
      }
    })();
    let out = '';
    child.stdout.on('data', (b) => {
      out += b;
      for (let i = out.indexOf('\n'); i >= 0; i = out.indexOf('\n')) {
        const line = out.slice(0, i);
        out = out.slice(i + 1);
        try {
          const v = JSON.parse(line);
          if (v?.ready === true) resolve(v);
        } catch { /* a line for people */ }
      }
    });
  });
  let timer;
  const ready = await Promise.race([
    readyLine,
    ended.then(({ code, signal }) => ({ failed: `ended with ${code ?? signal} before it was ready` })),
    new Promise((resolve) => { timer = setTimeout(() => resolve({ failed: `was not ready within ${readyWithin / 1000} s` }), readyWithin); }),
  ]);
  clearTimeout(timer);
  over = true;
  if (ready.failed) {
    kill();
    throw new Error(`${binary} ${args.join(' ')}: ${ready.failed}\n${log}`);
  }
  return {
    ready,
    pid: child.pid,
    running: () => child.exitCode === null && child.signalCode === null,
    log: () => log,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(kill, 10_000);
      const { code, signal } = await ended;
      clearTimeout(late);
      process.off('exit', kill);
      if (code !== 0) throw new Error(`${binary} ${args[0]}: SIGTERM ended it with ${code ?? signal}, not 0\n${log.slice(-4000)}`);
    },
  };
}
