// The frame around every page: login, the menu in both languages, both widths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { go, languages, logInByHand, open, picture, tooWide, url, widths } from './lib.mjs';

test('a person logs in by hand and sees the home page', async (t) => {
  const page = await open(t, { loggedIn: false, tolerate: /401/ });
  await logInByHand(page);
  await page.locator('nav a').first().waitFor();
  await picture(page, 'home');
});

test('a wrong password is refused in plain words', async (t) => {
  const page = await open(t, { loggedIn: false, tolerate: /401/ });
  await page.goto(url);
  await page.locator('input[type="text"], input[autocomplete="username"]').first().fill('admin');
  await page.locator('input[type="password"]').fill('not the password');
  await page.locator('button[type="submit"]').click();
  await page.locator('[role="alert"]').first().waitFor();
});

for (const language of languages) {
  for (const [name, size] of [['phone', widths.phone]]) { // the wide window is walked in walk.test.mjs
    test(`every page of the menu opens, ${language}, ${size.width} px`, async (t) => {
      const page = await open(t, { language, size });
      await page.goto(url);
      await page.locator('nav a').first().waitFor({ state: 'attached' });
      const links = await page.locator('nav a').evaluateAll((all) => [...new Set(all.map((a) => a.href))]);
      assert.ok(links.length >= 8, `only ${links.length} entries in the menu`);
      const wrong = [];
      for (const link of links) {
        const { pathname } = new URL(link);
        await go(page, pathname);
        const heading = await page.locator('h1, .desk').first().waitFor({ timeout: 8000 }).then(() => true, () => false);
        if (!heading) wrong.push(`${pathname} shows no heading`);
        const wide = await tooWide(page);
        if (wide > 1) wrong.push(`${pathname} is ${wide} px wider than the window`);
        await picture(page, `${name}-${language}-${pathname.replaceAll('/', '_')}`);
      }
      assert.deepEqual(wrong, []);
    });
  }
}
