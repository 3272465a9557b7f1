// The sandbox's own page: somebody acts as a customer and as a member there, and the product answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, control, languages, open, picture, sandboxURL, tooWide, until, widths } from './lib.mjs';

const hello = '你好，这里是沙箱页的欢迎语。';
const parking = '门店楼下可以停车两小时。';

test('on the page of the sandbox a new customer is welcomed, asks and is answered', async (t) => {
  const page = await open(t, { loggedIn: false });
  await page.goto(sandboxURL);
  await page.getByRole('heading', { name: '扮演客户' }).waitFor();
  await api('POST', '/api/v1/autoreplies', {
    name: '停车', enabled: true, priority: 0, kf_accounts: [], patterns: [{ kind: 'contains', value: '停车' }], answer: { kind: 'text', text: parking }, hours: [],
  });
  const made = (await api('POST', '/api/v1/contactways', { name: '沙箱页', staff: ['S05'], departments: [], skip_verify: true, remark: '', tags: [] }));
  await api('POST', '/api/v1/welcomes', { name: '沙箱页', text: hello, enabled: true, scope: { kind: 'contactway', contactway_ids: [made.id] } });
  const way = await until('the code at WeCom', async () => (await api('GET', `/api/v1/contactways/${made.id}`)).config_id);
  await page.locator(`#way option[value="${way}"]`).waitFor({ state: 'attached' });
  await page.locator('#way').selectOption(way);
  await page.getByRole('button', { name: '扫码加好友' }).click();
  await page.locator('#phone li', { hasText: hello }).waitFor();
  await page.locator('#knows button', { hasText: '删除' }).waitFor();

  await page.locator('#words').fill('附近能停车吗');
  await page.locator('#kfform button').click();
  await page.locator('#phone li.mine', { hasText: '附近能停车吗' }).waitFor();
  await page.locator('#phone li', { hasText: parking }).waitFor();

  await page.locator('#lines summary', { hasText: '/cgi-bin/kf/send_msg' }).first().click();
  await page.locator('#lines details[open] pre', { hasText: parking }).first().waitFor();
  await page.getByRole('tab', { name: '回调' }).click();
  await page.locator('#lines summary', { hasText: 'kf_msg_or_event' }).first().waitFor();
  await picture(page, 'sandbox-page', true);

  const customer = await page.locator('#who').inputValue();
  await page.locator('#knows button').first().click();
  await until('the product to know that the member was deleted', async () => (await api('GET', `/api/v1/customers/${customer}`)).relations.every((r) => !r.live));
});

test('a member confirms a mass message on the page of the sandbox', async (t) => {
  const scan = await control('act', { act: 'scan_contact_way' });
  await until('the customer', async () => (await api('GET', `/api/v1/customers?q=${scan.customer}`)).total === 1);
  const words = { name: '沙箱页的群发', text: '沙箱页：本周护肤课开课了。', benefit: '知道课程时间', audience: { tags: [], staff: [scan.staff] } };
  const { reachable } = await api('POST', '/api/v1/broadcasts/preview', words);
  assert.ok(reachable > 0, 'the new customer may get it');
  const { id } = await api('POST', '/api/v1/broadcasts', words);
  await api('POST', `/api/v1/broadcasts/${id}/submit`, { expect_reachable: reachable });
  const page = await open(t, { loggedIn: false, language: 'en-US' });
  await page.goto(sandboxURL);
  await control('clock', { advance: '1m' }); // members see a task some seconds after it was made
  const task = page.locator('#tasks li', { hasText: words.text });
  await task.getByRole('button', { name: 'Send it' }).click();
  await task.waitFor({ state: 'detached' });
  const sent = (await control('deliveries')).items.filter((d) => d.text.includes(words.text));
  assert.equal(sent.length, reachable);
  await picture(page, 'sandbox-page-en', true);
});

for (const language of languages) {
  test(`the page of the sandbox fits a phone, ${language}`, async (t) => {
    const page = await open(t, { loggedIn: false, language, size: widths.phone });
    await page.goto(sandboxURL);
    await page.locator('#lines summary').first().waitFor();
    assert.ok(await tooWide(page) <= 1, 'it is wider than the window');
    assert.doesNotMatch(await page.evaluate(() => document.body.innerText), /undefined|\[object|\{\w+\}/);
    await picture(page, `sandbox-phone-${language}`, true);
  });
}
