// Judges a platform from outside: by the sandbox's list of what reached customers, never by what the platform says of
// itself. What campaigns sent must keep FTG-01 (1 in a day, 3 in 7 days, 8 in 30, sliding), FTG-05's hours, and the word of
// whoever said stop.
const hour = 3600_000;
const day = 24 * hour;
const caps = [[day, 1], [7 * day, 3], [30 * day, 8]];
const marketing = new Set(['mass_customer', 'moment']);

/** Answers the JSON of a call, or fails with what was answered instead. */
export async function ask(url, init) {
  const r = await fetch(url, { signal: AbortSignal.timeout(240_000), ...init });
  const text = await r.text();
  if (!r.ok) throw new Error(`${url} answers ${r.status}: ${text.slice(0, 200)}`);
  return text ? JSON.parse(text) : null;
}

export function judge(sandbox) {
  const problems = new Set();
  const touched = new Map(); // customer -> world times of marketing that reached them
  const stopped = new Map(); // customer -> world time from which nothing may reach them
  const j = {
    problems, touched, deliveries: 0, campaigns: 0,
    problem(text) {
      if (!problems.has(text)) console.error(`PROBLEM ${text}`);
      problems.add(text);
    },
    /** From now on, in world time, nothing may reach this customer. */
    stop(customer, at) { stopped.set(customer, at); },
    hasStopped: (customer) => stopped.has(customer),
    async read() {
      for (;;) {
        const page = await ask(`${sandbox}/_sandbox/deliveries?after=${next}`);
        for (const d of page.items) look(d);
        if (page.items.length === 0 || page.next === next) return;
        next = page.next;
      }
    },
  };
  let next = 0;
  function look(d) {
    j.deliveries++;
    if (d.origin !== 'api' || !marketing.has(d.kind) || !d.customer) return;
    j.campaigns++;
    const at = Date.parse(d.time);
    const china = new Date(at + 8 * hour);
    const clock = china.getUTCHours() + china.getUTCMinutes() / 60;
    const opens = china.getUTCDay() === 0 ? 10 : 9;
    if (clock < opens || clock >= 21) j.problem(`${d.kind} reached ${d.customer} at ${d.time}, outside ${opens}:00-21:00`);
    if (stopped.has(d.customer) && at > stopped.get(d.customer)) j.problem(`${d.kind} reached ${d.customer} at ${d.time}, who had said stop`);
    const times = (touched.get(d.customer) ?? []).filter((t) => t > at - 30 * day);
    times.push(at);
    touched.set(d.customer, times);
    for (const [span, cap] of caps) {
      const n = times.filter((t) => t > at - span).length;
      if (n > cap) j.problem(`${d.customer} got ${n} campaigns within ${span / day} days up to ${d.time}; ${cap} are allowed`);
    }
  }
  return j;
}
