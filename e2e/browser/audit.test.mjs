// The audit log is verified and read in the console; the admission and the list of what is refused stand beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, open, openAs, picture, until, url } from './lib.mjs';

test('an auditor verifies the log and follows a reading to its proof', async (t) => {
  const [customer] = (await api('GET', '/api/v1/customers?limit=1')).items;
  await api('GET', `/api/v1/customers/${customer.id}`);
  await until('the entry has its place', async () => (await api('GET', `/api/v1/audit/entries?act=get-customer&subject=${customer.id}`)).items[0]?.leaf !== undefined);
  const page = await openAs(t, 'S03', { role: 'auditor', scope: 'all' });
  await page.goto(`${url}/audit`);
  await page.getByRole('button', { name: '现在核对' }).click();
  await page.getByText(/条记录和 .* 次触达，都和写下时一样/).waitFor();
  await picture(page, 'audit', true);
  await page.goto(`${url}/audit?act=get-customer&subject=${customer.id}`);
  await page.getByRole('link', { name: '查看客户' }).first().click();
  await page.getByText('和写下时一样：从这一条算到树根').waitFor();
  await picture(page, 'audit-entry', true);
});

test('the admission and what is refused are shown', async (t) => {
  const page = await open(t);
  await page.goto(`${url}/admission`);
  await page.getByText('已准入：群发和朋友圈可以提交。').waitFor();
  assert.equal(await page.locator('code', { hasText: 'TestRefusedFunctionsAreAbsent/' }).count(), 24);
  await page.getByRole('button', { name: '提交回答' }).click();
  await until('a second version', async () => (await api('GET', '/api/v1/governance/admission')).version >= 2);
  await picture(page, 'admission', true);
});
