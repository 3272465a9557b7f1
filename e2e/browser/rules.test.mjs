// The page of rules: what is enforced and what is not, and a text tried against them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languages, open, picture, tooWide, url, widths } from './lib.mjs';

const said = {
  'zh-CN': { hint: '粘贴一段要发的话', never: '不能发，并让发送者在阶梯上算两次', may: '可以发', sound: '读音', rule: '赌博彩票', lawful: '您的订单已发货，预计明天送达', search: '编号、名称或内容', standing: '还没有' },
  'en-US': { hint: 'Paste words you mean to send', never: 'It may not go out, and counts twice against its sender on the ladder', may: 'It may go out', sound: 'sound', rule: 'Gambling', lawful: '您的订单已发货，预计明天送达', search: 'Id, name or words', standing: 'Not yet' },
};

for (const language of languages) {
  const w = said[language];
  test(`a text is tried and a rule is looked up, ${language}`, async (t) => {
    const page = await open(t, { language });
    await page.goto(`${url}/rules`);
    const box = page.getByLabel(w.hint);
    await box.fill('🎁 来玩百·嘉乐');
    await page.getByText(w.never, { exact: true }).waitFor();
    const tried = page.locator('.tried');
    assert.equal(await tried.locator('mark.refused').first().innerText(), '百·嘉乐');
    assert.match(await tried.innerText(), /百嘉乐[\s\S]*LNK-14[\s\S]*bai jia le/);
    await picture(page, `rules-${language}`, true);
    await box.fill(w.lawful);
    await page.getByText(w.may, { exact: true }).waitFor();
    assert.equal(await tried.locator('mark').count(), 0);

    // Whichever rule is not there yet; one day there is none.
    const rules = await page.evaluate(async (lang) => (await fetch('/api/v1/governance/rules?standing=not_yet&limit=1', { headers: { 'Accept-Language': lang } })).json(), language);
    const [absent] = rules.items;
    if (!absent) return;
    await page.getByPlaceholder(w.search).fill(absent.id);
    await page.keyboard.press('Enter');
    const row = page.locator('tbody tr', { hasText: absent.id }).first();
    await row.waitFor();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr .rule').length < 10);
    const words = await row.innerText();
    assert.ok(words.includes(w.standing) && words.includes(absent.missing), words);
    await row.getByRole('button').click();
    await page.locator('.ant-drawer').getByText(absent.id).first().waitFor();
  });
}

test('the page of rules fits a phone', async (t) => {
  const page = await open(t, { size: widths.phone });
  await page.goto(`${url}/rules`);
  await page.getByLabel(said['zh-CN'].hint).fill('转发领红包 https://dwz.cn/a');
  await page.locator('.tried mark').first().waitFor();
  assert.ok(await tooWide(page) <= 1, 'wider than the window');
  await picture(page, 'rules-phone', true);
});
