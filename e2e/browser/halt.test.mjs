// One press stops all sending; every page says so, a plan shows why nobody is reached, and it can go on again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, control, open, picture, until, url } from './lib.mjs';

test('one press stops everything, and everything says so', async (t) => {
  const page = await open(t);
  await page.goto(`${url}/caps`);
  await page.getByRole('button', { name: '停发全部' }).click();
  await page.locator('.halted', { hasText: '发送已停用：紧急停发' }).waitFor();
  await picture(page, 'halted', true);
  const sent = async () => (await control('deliveries')).items.filter((d) => d.origin === 'api').length;
  const before = await sent();
  const scan = await control('act', { act: 'scan_contact_way' });
  await until('the customer', async () => (await api('GET', `/api/v1/customers?q=${scan.customer}`)).total === 1);
  const plan = await api('POST', '/api/v1/broadcasts/preview', { text: '周末护理课开放预约。', audience: { tags: [] } });
  assert.equal(plan.reachable, 0);
  assert.equal(plan.reasons[0].rule_id, 'OWN-14');
  assert.equal(await sent(), before);

  await page.getByRole('button', { name: '恢复', exact: true }).click();
  await page.getByRole('dialog').locator('.ant-btn-primary').click();
  await page.locator('.halted').waitFor({ state: 'detached' });
  assert.ok((await api('POST', '/api/v1/broadcasts/preview', { text: '周末护理课开放预约。', audience: { tags: [] } })).reachable > 0);
});
