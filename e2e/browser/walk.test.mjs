// Every page in both languages, light and dark: a heading, no error, no word that was forgotten. It runs after the stories, so
// that the pages have something to show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, go, languages, open, openAs, picture, tooWide, url } from './lib.mjs';

const lists = ['/', '/customers', '/losses', '/contactways', '/joinways', '/groupchats', '/groupchats/several', '/inbox', '/autoreplies', '/welcomes', '/welcomes/traces', '/broadcasts',
  '/moments', '/moments?tab=calendar', '/moments?tab=answers', '/moments?tab=pages', '/materials', '/governance', '/touches', '/held', '/optouts', '/grievances', '/caps', '/rules', '/reviews', '/ladder', '/admission', '/record', '/purposes', '/privacy', '/privacy/requests', '/privacy/erasures', '/receivers', '/assessments', '/incidents', '/audit', '/settings', '/settings/staff', '/settings/tokens', '/settings/sync', '/settings/doctor', '/settings/dead-letters'];
const drawers = ['/contactways?open=new', '/joinways?open=new', '/autoreplies/new', '/welcomes/new', '/broadcasts/new', '/broadcasts/new/edit', '/broadcasts/new/edit?kind=group', '/materials?open=new', '/moments/new/edit'];

/** The first of each list: its page is walked too. */
async function details() {
  const first = async (path) => (await api('GET', `/api/v1${path}?limit=1`)).items[0]?.id;
  const out = [];
  for (const [list, page] of [['/customers', '/customers/'], ['/groupchats', '/groupchats/'], ['/autoreplies', '/autoreplies/'], ['/welcomes', '/welcomes/'], ['/broadcasts', '/broadcasts/'], ['/moments', '/moments/'], ['/touches', '/touches/'], ['/kf/sessions', '/inbox?open=']]) {
    const id = await first(list);
    if (id) out.push(page + id);
  }
  return out;
}

// What no person should read: what the program forgot to fill in, and names of words in place of words.
const forgotten = /\[object |\bundefined\b|\bNaN\b|Invalid Date|\{[a-z_]+\}|\b(?:rs|ts|evKind|via|ch|tl|role|scope)_[a-z_]+\b/i;
const han = /\p{Script=Han}/u;

/** Runs in the page: does the head of a table lie over its rows? */
function headCovers() {
  return [...document.querySelectorAll('.ant-table-wrapper')].some((table) => {
    const head = table.querySelector('thead th'), row = table.querySelector('tbody tr:not(.ant-table-measure-row) td');
    return head && row && row.getBoundingClientRect().top < head.getBoundingClientRect().bottom - 1;
  });
}

for (const [i, language] of languages.entries()) {
  for (const dark of process.env.KEEP ? [false, true] : [i === 1]) { // both looks of both languages only for somebody who looks
    test(`every page has its words, ${language}, ${dark ? 'dark' : 'light'}`, async (t) => {
      const page = await open(t, { language, dark });
      const wrong = [];
      page.on('response', (r) => { if (r.status() >= 400) wrong.push(`${new URL(page.url()).pathname}: ${r.status()} ${r.url()}`); });
      for (const path of [...lists, ...drawers, ...await details()]) {
        await go(page, path);
        const shown = await page.locator('h1, .ant-drawer-title, .desk').first().waitFor({ timeout: 8000 }).then(() => true, () => false);
        if (!shown) wrong.push(`${path} shows no heading`);
        await page.locator('.skeleton, .ant-skeleton').first().waitFor({ state: 'detached', timeout: 8000 }).catch(() => wrong.push(`${path} keeps loading`));
        const text = await page.evaluate(() => document.body.innerText);
        const found = text.match(forgotten);
        if (found) wrong.push(`${path} shows ${JSON.stringify(text.slice(Math.max(0, found.index - 30), found.index + 40))}`);
        if (language === 'en-US') {
          const menu = await page.locator('nav, h1, th, .ant-btn').allInnerTexts();
          const left = menu.filter((words) => han.test(words) && !path.includes('/', 1));
          for (const words of left.filter((x) => !/知音|花间集|群|店|会员|换季|敏感|营业|默认|\p{Script=Han}{2} \d\d/u.test(x))) wrong.push(`${path} is not in English: ${words}`);
        }
        if (await page.evaluate(headCovers)) wrong.push(`${path} has a list whose head covers its first row`);
        if (await tooWide(page) > 1) wrong.push(`${path} is wider than the window`);
        if (process.env.KEEP) await picture(page, `walk-${language}-${dark ? 'dark' : 'light'}-${path.replaceAll(/[/?=]/g, '_')}`, true);
      }
      assert.deepEqual(wrong, []);
    });
  }
}

// A page that comes into the menu comes into this walk.
test('the walk knows every page of the menu', async (t) => {
  const page = await open(t);
  const seen = new Set();
  for (const path of ['/', '/contactways', '/customers', '/groupchats', '/inbox', '/broadcasts', '/governance', '/settings']) { // a group is unfolded by its page
    await go(page, path);
    await page.locator('h1, .desk').first().waitFor();
    for (const to of await page.locator('nav a').evaluateAll((all) => all.map((a) => new URL(a.href).pathname))) seen.add(to);
  }
  assert.ok(seen.size > 20, `the menu shows ${seen.size} pages`);
  assert.deepEqual([...seen].filter((to) => !lists.includes(to)), []);
});

test('the language is switched by hand and kept', async (t) => {
  const page = await open(t);
  await page.goto(`${url}/customers`);
  await page.getByRole('button', { name: 'EN', exact: true }).click();
  await page.getByRole('heading', { name: 'Customers' }).waitFor();
  await page.goto(`${url}/held`);
  await page.getByRole('heading', { name: 'Held back for customers' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
});

test('who may not see a page is told so, and who could', async (t) => {
  const page = await openAs(t, 'S09', { role: 'staff', scope: 'own' });
  await page.goto(`${url}/settings/tokens`);
  await page.getByText('你的角色').first().waitFor();
  await picture(page, 'forbidden');
});

for (const [id, role, scope] of [['S01', 'manager', 'department'], ['S09', 'staff', 'own']]) {
  test(`no page asks for what the server refuses to ${role} with scope ${scope}`, async (t) => {
    const page = await openAs(t, id, { role, scope });
    const refused = [];
    page.on('response', (r) => { if (r.status() >= 400) refused.push(`${new URL(page.url()).pathname}: ${r.status()} ${r.url()}`); });
    for (const path of [...lists, ...drawers]) {
      await go(page, path);
      await page.locator('h1, .desk').first().waitFor();
      await page.locator('.skeleton, .ant-skeleton, .sk-wait').first().waitFor({ state: 'detached', timeout: 8000 }).catch(() => refused.push(`${path} keeps loading`));
    }
    assert.deepEqual(refused, []);
  });
}
