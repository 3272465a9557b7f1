'use strict';
/* global words */
const $ = (id) => document.getElementById(id);
const store = { get: (k) => { try { return sessionStorage.getItem(k); } catch { return null; } }, set: (k, v) => { try { sessionStorage.setItem(k, v); } catch { /* private mode */ } } };

let language = store.get('language') ?? (navigator.language.startsWith('zh') ? 'zh-CN' : 'en-US');
let me = store.get('me') ?? '';   // the customer whose phone this is; '' = somebody new
let after = 0;                    // deliveries read so far
const phones = new Map();         // customer -> lines of their phone
let tab = 'calls';
const opened = new Set();         // lines of the log that are unfolded
let world = null;
let recent = { calls: [], callbacks: [] };

const say = (key, values = {}) => words[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

function element(tag, text, props = {}) {
  const e = Object.assign(document.createElement(tag), props);
  if (text !== undefined) e.textContent = text;
  return e;
}

async function ask(path, body) {
  const headers = {};
  const token = store.get('token');
  if (token) headers.authorization = `Bearer ${token}`;
  const r = await fetch(`/_sandbox/${path}`, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await r.json();
  if (r.status === 403 && !token && /token/.test(answer.error ?? '')) {
    const given = prompt(say('token'));
    if (given) { store.set('token', given); return ask(path, body); }
  }
  if (!r.ok) throw new Error(answer.error ?? `HTTP ${r.status}`);
  return answer;
}

function trouble(err) {
  $('trouble').hidden = !err;
  $('trouble').textContent = err ? String(err.message ?? err) : '';
}

/** Does something and then looks again; what goes wrong stands at the top. */
async function doing(act) {
  try { trouble(); await act(); } catch (err) { trouble(err); }
  await look();
}

function note(customer, line) {
  const lines = phones.get(customer) ?? [];
  lines.push(line);
  phones.set(customer, lines.slice(-200));
}

/** Fills a select, and keeps what was chosen. */
function fill(select, items, first) {
  const key = JSON.stringify([language, items, first]);
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  const chosen = select.value;
  select.replaceChildren(...(first === undefined ? [] : [new Option(first, '')]),
    ...items.map((i) => new Option([i.name || i.id, i.note].filter(Boolean).join(' · '), i.id)));
  if ([...select.options].some((o) => o.value === chosen)) select.value = chosen;
}

function become(id) {
  me = id;
  store.set('me', id);
}

let looking = null; // the look under way
let again = null;   // the one that follows it

/** Looks at the world: one look at a time, or two would both read and show what came after the last one. Who asks meanwhile gets the next. */
function look() {
  if (!looking) return (looking = lookOnce().finally(() => { looking = null; }));
  return (again ??= looking.then(() => { again = null; return look(); }));
}

async function lookOnce() {
  try {
    const [state, seen] = await Promise.all([ask('state'), ask('recent')]);
    world = await ask(`world${me ? `?customer=${encodeURIComponent(me)}` : ''}`).catch((err) => { become(''); throw err; });
    for (;;) {
      const page = await ask(`deliveries?after=${after}`);
      for (const d of page.items) if (d.customer) note(d.customer, d);
      if (page.items.length === 0) break;
      after = page.next;
    }
    recent = seen;
    show(state);
    if ($('trouble').dataset.away) { delete $('trouble').dataset.away; trouble(); }
  } catch (err) {
    trouble(say('away', { why: err.message }));
    $('trouble').dataset.away = '1';
  }
}

function show(state) {
  document.documentElement.lang = language;
  for (const e of document.querySelectorAll('[data-word]')) e.textContent = say(e.dataset.word);
  for (const e of document.querySelectorAll('[data-hint]')) { e.placeholder = say(e.dataset.hint); e.setAttribute('aria-label', say(e.dataset.hint)); }
  $('language').textContent = say('other');
  $('language').lang = language === 'zh-CN' ? 'en' : 'zh-CN';
  $('corp').textContent = world.corp;
  $('clock').textContent = state.clock.slice(0, 19).replace('T', ' ');
  $('clock').dateTime = state.clock;
  $('stands').hidden = state.running;
  if (document.activeElement !== $('speed')) {
    if (![...$('speed').options].some((o) => Number(o.value) === state.speed)) $('speed').add(new Option(state.speed));
    $('speed').value = String(state.speed);
  }
  $('life').checked = state.life;
  const counts = ['staff', 'customers', 'relations', 'groups', 'messages', 'moments', 'deliveries'].filter((k) => k in state.counts).map((k) => [say(`n_${k}`), state.counts[k]]);
  counts.push([say('pending'), state.callbacks_pending], [say('failedcb'), state.callbacks_failed]);
  $('counts').replaceChildren(...counts.map(([name, n]) => {
    const d = element('div');
    d.append(element('dt', name), element('dd', n.toLocaleString(language)));
    return d;
  }));
  fill($('way'), world.ways, say('anyway'));
  fill($('joinway'), world.join_ways, world.join_ways.length ? undefined : say('nojoin'));
  $('join').disabled = world.join_ways.length === 0;
  fill($('kf'), world.kf);
  const known = world.customer && !world.customers.some((c) => c.id === me) ? [world.customer] : [];
  fill($('who'), [...known, ...world.customers].map((c) => ({ id: c.id, name: c.name })), say('newcomer'));
  $('who').value = me;
  fill($('member'), world.customer?.staff.map((m) => ({ id: m.id, name: m.name })) ?? []);
  $('sayform').hidden = !world.customer?.staff.length;
  $('client').search = new URLSearchParams({ staff: $('member').value, customer: me }).toString();
  showCustomer();
  showTasks();
  showPackets();
  showLog();
}

function showCustomer() {
  const c = world.customer;
  const knows = $('knows');
  if (!c || (c.staff.length === 0 && c.groups.length === 0)) knows.replaceChildren(say('nobody'));
  else {
    knows.replaceChildren(say('friends'));
    for (const m of c.staff) {
      const b = element('button', say('remove', { name: m.name }), { type: 'button' });
      b.onclick = () => doing(async () => { await ask('act', { act: 'customer_deletes_staff', customer: me, staff: m.id }); });
      knows.append(element('span', m.name), b, ' ');
    }
    if (c.groups.length) knows.append(element('br'), say('groups') + c.groups.map((g) => g.name).join('、'));
  }
  const lines = phones.get(me) ?? [];
  const key = JSON.stringify([language, me, lines.length, lines.at(-1)?.time]);
  if ($('phone').dataset.key === key) return;
  $('phone').dataset.key = key;
  $('phone').replaceChildren(...lines.map((d) => {
    const li = element('li', d.text, { className: d.mine ? 'mine' : d.note ? 'note' : '' });
    const from = d.mine ? say('me') : [words[language][d.kind === 'kf' ? 'kfname' : d.kind] ?? d.kind, d.staff].filter(Boolean).join(' · ');
    if (!d.note) li.prepend(element('small', `${from} ${d.time.slice(11, 16)}`));
    return li;
  }));
  if (lines.length === 0) $('phone').append(element('li', say('quiet'), { className: 'note' }));
  $('phone').scrollTop = $('phone').scrollHeight;
}

function showTasks() {
  const key = JSON.stringify([language, world.tasks]);
  if ($('tasks').dataset.key === key) return;
  $('tasks').dataset.key = key;
  $('tasks').replaceChildren(...world.tasks.map((t) => {
    const li = element('li');
    const which = t.kind === 'moment' ? { moment: t.id } : { msgid: t.id };
    const button = (word, act, main) => {
      const b = element('button', say(word), { type: 'button', className: main ? 'main' : '' });
      b.onclick = () => doing(async () => { await ask('act', { act, staff: t.staff, ...which }); });
      return b;
    };
    li.append(element('small', [t.staff_name, say(t.kind), t.receivers ? say('receivers', { n: t.receivers }) : ''].filter(Boolean).join(' · ')), element('div', t.text));
    const row = element('div', undefined, { className: 'row' });
    row.append(button('confirm', 'staff_confirms', true), button('decline', 'staff_declines'));
    li.append(row);
    return li;
  }));
  if (world.tasks.length === 0) $('tasks').append(element('li', say('notasks'), { className: 'empty' }));
}

function showPackets() {
  const key = JSON.stringify([language, world.packets]);
  if ($('packets').dataset.key === key) return;
  $('packets').dataset.key = key;
  $('packets').hidden = world.packets.length === 0;
  $('packets').replaceChildren(...world.packets.map((p) => {
    const li = element('li');
    li.append(element('small', [p.staff_name, say('red_packet'), p.from].filter(Boolean).join(' · ')), element('div', p.wish));
    if (p.opened) {
      li.append(element('small', say('gotpacket', { yuan: (p.amount / 100).toFixed(2) })));
      return li;
    }
    const b = element('button', say('openpacket'), { type: 'button', className: 'main' });
    b.onclick = () => doing(async () => { await ask('act', { act: 'staff_opens_red_packet', staff: p.staff, mch_billno: p.id }); });
    const row = element('div', undefined, { className: 'row' });
    row.append(b);
    li.append(row);
    return li;
  }));
}

const pretty = (text) => { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } };

function showLog() {
  for (const name of ['calls', 'callbacks']) $(`tab-${name}`).setAttribute('aria-selected', String(tab === name));
  const all = tab === 'calls' ? recent.calls : recent.callbacks;
  const bad = (l) => (tab === 'calls' ? l.errcode !== 0 : l.done && !l.ok);
  const lines = $('failed').checked ? all.filter(bad) : all;
  const key = JSON.stringify([language, tab, lines.map((l) => [l.seq, l.tries?.length, l.done])]);
  if ($('lines').dataset.key === key) return;
  $('lines').dataset.key = key;
  $('lines').replaceChildren(...lines.map((l) => {
    const li = element('li');
    const details = element('details');
    const id = `${tab}/${l.seq}`;
    details.open = opened.has(id);
    details.ontoggle = () => { if (details.open) opened.add(id); else opened.delete(id); };
    const summary = element('summary');
    const part = (name, text) => { if (text) details.append(element('small', name), element('pre', pretty(text))); };
    if (tab === 'calls') {
      summary.append(element('span', l.time.slice(11, 19)), element('span', l.path), element('span', l.errcode, { className: l.errcode ? 'bad' : 'good' }));
      details.append(summary);
      part(say('hint'), l.hint);
      part(say('request'), [l.query, l.request].filter(Boolean).join('\n'));
      part(say('answer'), l.answer);
    } else {
      const verdict = !l.done ? say('open') : l.ok ? say('fine') : say('given');
      const kind = /<(?:ChangeType|Event)><!\[CDATA\[([^\]]*)/.exec(l.plain.replace(/<Event><!\[CDATA\[change_\w+\]\]><\/Event>/, ''))?.[1] ?? l.url;
      summary.append(element('span', l.time.slice(11, 19)), element('span', kind), element('span', verdict, { className: !l.done ? '' : l.ok ? 'good' : 'bad' }));
      details.append(summary);
      part(l.url, l.plain);
      part(say('tries', { n: l.tries.length }), l.tries.map((t) => (t.status ? `${t.status} ${t.body}` : `${say('noanswer')}: ${t.error}`)).join('\n'));
    }
    li.append(details);
    return li;
  }));
  if (lines.length === 0) $('lines').append(element('li', say('nolines'), { className: 'empty' }));
}

$('who').onchange = () => { become($('who').value); look(); };
$('speed').onchange = () => doing(() => ask('clock', { speed: Number($('speed').value) }));
$('hour').onclick = () => doing(() => ask('clock', { advance: '1h' }));
$('day').onclick = () => doing(() => ask('clock', { advance: '24h' }));
$('life').onchange = () => doing(() => ask('life', { running: $('life').checked }));
$('language').onclick = () => { language = language === 'zh-CN' ? 'en-US' : 'zh-CN'; store.set('language', language); look(); };
$('failed').onchange = showLog;
for (const name of ['calls', 'callbacks']) $(`tab-${name}`).onclick = () => { tab = name; showLog(); };

const mine = () => (me ? { customer: me } : {});
const told = (customer, text) => note(customer, { text, note: true, time: $('clock').dateTime });
$('scan').onclick = () => doing(async () => {
  const a = await ask('act', { act: 'scan_contact_way', ...mine(), ...($('way').value ? { config_id: $('way').value } : {}) });
  become(a.customer);
  told(me, say('scanned', { name: world.staff.find((m) => m.id === a.staff)?.name ?? a.staff }));
});
$('join').onclick = () => doing(async () => {
  const a = await ask('act', { act: 'scan_join_way', ...mine(), config_id: $('joinway').value });
  become(a.customer);
  told(me, a.joined ? say('joined') : say('waits', { why: a.why }));
});
$('kfform').onsubmit = (e) => {
  e.preventDefault();
  doing(async () => {
    const text = $('words').value.trim();
    if (!me || !phones.get(me)?.some((l) => l.kf === $('kf').value)) { // the first word opens the chat, as on the phone
      const chat = await ask('act', { act: 'open_kf', ...mine(), kf: $('kf').value });
      become(chat.customer);
      note(me, { text: '', note: true, kf: $('kf').value, time: $('clock').dateTime });
    }
    if (!text) return;
    $('words').value = '';
    note(me, { text, mine: true, time: $('clock').dateTime });
    await ask('act', { act: 'customer_says', customer: me, kf: $('kf').value, text });
  });
};
$('sayform').onsubmit = (e) => {
  e.preventDefault();
  doing(async () => {
    const text = $('saying').value.trim();
    if (!text) return;
    await ask('act', { act: 'staff_says', staff: $('member').value, customer: me, text });
    $('saying').value = '';
  });
};

look();
setInterval(look, 1000);
