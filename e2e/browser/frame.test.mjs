// The frame around every page: login, the menu in both languages, both widths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsItsWidth, languages, logInByHand, open, picture, url, widths } from './lib.mjs';

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
  for (const [name, size] of Object.entries(widths)) {
    test(`every page of the menu opens, ${language}, ${size.width} px`, async (t) => {
      const page = await open(t, { language, size });
      await page.goto(url);
      await page.locator('nav a').first().waitFor({ state: 'attached' });
      const links = await page.locator('nav a').evaluateAll((all) => [...new Set(all.map((a) => a.href))]);
      assert.ok(links.length >= 8, `only ${links.length} entries in the menu`);
      for (const link of links) {
        await page.goto(link);
        await page.locator('h1').first().waitFor();
        await fitsItsWidth(page);
        await picture(page, `${name}-${language}-${new URL(link).pathname.replaceAll('/', '_')}`);
      }
    });
  }
}
