// A mass message ends with the address of the page of choices. Who opens it in WeChat sees their own; a stranger sees how to get there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, languages, open, picture, tooWide, url, widths } from './lib.mjs';

const address = `${url}/p/preferences`;

for (const language of languages) {
  test(`the planner shows the line that is added, and the length knows it, ${language}`, async (t) => {
    const page = await open(t, { language });
    await page.goto(`${url}/broadcasts/new`);
    await page.locator('textarea').first().fill('【花间集】秋款到店，周末来试穿。');
    await page.locator('.phone').getByText(address).waitFor();
    await page.getByText(language === 'zh-CN' ? '结尾自动加一行' : 'A last line is added').waitFor();
    await picture(page, `choices-planner-${language}`, true);
  });
}

test('who opens the address sees their own choices, and stops by one press', async (t) => {
  const { id } = (await api('GET', '/api/v1/customers?limit=1')).items[0];
  const phone = await open(t, { size: widths.phone, loggedIn: false, scripts: false });
  await phone.goto(address);
  await phone.getByText('请在微信里打开').waitFor();
  assert.equal(await phone.getByRole('button').count(), 0, 'a stranger can press nothing');
  await picture(phone, 'choices-stranger', true);

  const reader = await open(t, { size: widths.phone, loggedIn: false, scripts: false, agent: 'Mozilla/5.0 (iPhone) MicroMessenger/8.0' });
  await reader.context().addCookies([{ name: 'sandbox_who', value: id, domain: '127.0.0.1', path: '/connect/oauth2/authorize' }]);
  await reader.goto(address);
  await reader.getByRole('button', { name: '全部停止' }).waitFor();
  assert.equal(new URL(reader.url()).pathname, '/p/preferences', 'the address is the same for all');
  assert.equal(await tooWide(reader), 0);
  await picture(reader, 'choices-reader', true);
  await reader.getByRole('button', { name: '全部停止' }).click();
  await reader.getByText('已停止').first().waitFor();
  assert.equal((await api('GET', `/api/v1/customers/${id}`)).optout.state, 'all', 'the stop counts');
  await reader.getByRole('button', { name: /恢复/ }).click();
  await reader.getByRole('button', { name: '全部停止' }).waitFor();
});
