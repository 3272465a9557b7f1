// What browser tests share: one Chromium a file, pages that fail their test on any page or console error, the API.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const need = (name) => process.env[name] ?? assert.fail(`${name} is not set; run node e2e/run.mjs`);
export const url = need('E2E_URL');
export const sandboxURL = need('E2E_SANDBOX');
const user = need('E2E_USER');
const password = need('E2E_PASSWORD');

export const widths = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
export const languages = ['zh-CN', 'en-US'];

let running;
async function browser() {
  running ??= await chromium.launch({
    executablePath: need('E2E_CHROMIUM'),
    headless: true,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  });
  return running;
}
after(async () => { await running?.close(); });

/**
 * Opens a page for a test, by default logged in as the first user. Errors of the page, errors on its console, answers
 * above 499 and requests to any other host fail the test; `tolerate` is a pattern for those that it provokes on purpose.
 */
export async function open(t, { language = 'zh-CN', size = widths.desk, loggedIn = true, tolerate = null, dark = false, scripts = true, agent = undefined } = {}) {
  const context = await (await browser()).newContext({
    viewport: size, locale: language, javaScriptEnabled: scripts, timezoneId: 'Asia/Shanghai', colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', userAgent: agent,
    isMobile: size.width < 600, hasTouch: size.width < 600,
  });
  const errors = [];
  const note = (text) => { if (!tolerate?.test(text)) errors.push(text); };
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('pageerror', (err) => note(`page error: ${err.stack ?? err}`));
  page.on('console', (m) => { if (m.type() === 'error') note(`console: ${m.text()} (${m.location().url})`); });
  page.on('response', (r) => { if (r.status() >= 500) note(`HTTP ${r.status()} ${r.url()}`); });
  page.on('request', (r) => {
    const { protocol, hostname } = new URL(r.url());
    if (/^https?:$/.test(protocol) && hostname !== '127.0.0.1') note(`request to another host: ${r.url()}`);
  });
  if (loggedIn) {
    const r = await context.request.post(`${url}/api/v1/session`, { data: { user, password } });
    assert.equal(r.status() < 300, true, `login answers ${r.status()}: ${await r.text()}`);
  }
  t.after(async () => {
    if (t.passed === false) await picture(page, `failed-${t.name.replaceAll(/[^\w\p{L}]+/gu, '-').slice(0, 60)}`).catch(() => {});
    await context.close();
    assert.deepEqual(errors, [], 'the page reported errors');
  });
  return page;
}

/**
 * Goes to another page of the console as its menu does, without loading the program again, and waits until what was shown
 * before is gone, or has another heading where React kept the element. Where neither can be told (the same page again, two
 * pages that are closed for the same reason), and where no console is shown yet, the page is loaded.
 */
export async function go(page, path) {
  const before = await page.evaluate((to) => {
    const parts = document.querySelectorAll('main > *, .ant-drawer');
    for (const part of parts) part.setAttribute('data-before', '');
    return parts.length > 0 && location.pathname !== to && { heading: document.querySelector('h1')?.textContent };
  }, path);
  if (!before) {
    await page.goto(url + path);
    return;
  }
  await page.evaluate((to) => { history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate', { state: {} })); }, path);
  await page.waitForFunction(({ heading }) => {
    const now = document.querySelector('h1')?.textContent;
    return !document.querySelector('[data-before]') || (now && now !== heading);
  }, before, { timeout: 1500 }).catch(() => page.goto(url + path));
}

/** Types user and password into the login page, as a person does. */
export async function logInByHand(page) {
  await page.goto(url);
  await page.locator('input[type="text"], input[autocomplete="username"]').first().fill(user);
  await page.locator('input[type="password"]').fill(password);
  await page.locator('button[type="submit"]').click();
}

/** Gives a member a role and a data scope, and opens a page as them, logged in by WeCom. */
export async function openAs(t, id, access, options = {}) {
  await api('PATCH', `/api/v1/staff/${id}`, access);
  const { code } = await control('oauth/code', { userid: id });
  // Before the login the page asks who is there, and is answered 401.
  const page = await open(t, { loggedIn: false, tolerate: /40[13]/, ...options });
  // No page is open yet: the login page would begin a login of its own, and its state would take the place of this one's.
  const begun = await page.request.get(`${url}/api/v1/session/wecom`);
  const state = new URL((await begun.json()).oauth_url).searchParams.get('state');
  await page.goto(`${url}/login/wecom?code=${code}&state=${state}`);
  await page.locator('.rail').waitFor();
  return page;
}

/** Calls the platform's API with a token of its own. */
let token;
export async function api(method, path, body) {
  if (!token) {
    const r = await fetch(`${url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user, password }) });
    token = (await r.json()).token;
  }
  const r = await fetch(url + path, {
    method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await r.text();
  assert.equal(r.ok, true, `${method} ${path} answers ${r.status}: ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Calls the sandbox's control plane: control('act', {act: 'scan_contact_way'}), or control('state') to read. */
export async function control(call, body) {
  const r = await fetch(`${sandboxURL}/_sandbox/${call}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  const text = await r.text();
  assert.equal(r.ok, true, `${call} ${JSON.stringify(body)} answers ${r.status}: ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Asks again until probe answers something truthy, and answers that. The bound is wall time. */
export async function until(what, probe, within = 60_000) {
  const end = Date.now() + within;
  for (;;) {
    const v = await probe();
    if (v) return v;
    if (Date.now() > end) assert.fail(`${what}: not within ${within / 1000} s`);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

/** Saves what the page shows; the runner keeps the pictures of a failed run. */
export async function picture(page, name, fullPage = false) {
  await page.screenshot({ path: join(need('E2E_PICTURES'), `${name}.png`), fullPage });
}

/** By how many pixels the page is wider than its window: on a phone that means things cut off. */
export function tooWide(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
