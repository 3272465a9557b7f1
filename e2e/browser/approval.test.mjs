// A mass message that reaches many waits for a second person, who sees why and gives it back; its author reads the reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, control, open, openAs, picture, url } from './lib.mjs';

test('who wrote a large mass message cannot approve it; a manager gives it back with the reason', async (t) => {
  const page = await open(t);
  await page.goto(`${url}/broadcasts/new`);
  await page.getByPlaceholder('例如：秋冬屏障修护').fill('年终感谢');
  await page.getByLabel('写给客户的话').fill('一年到头，谢谢你常来。不想再收到，回复“退订”我来关掉。');
  await page.locator('.plan').getByText('要另一个人审批').waitFor();
  await page.locator('.plan').getByText('每位占两次').waitFor();
  await page.locator('.foot .ant-btn-primary').click();
  await page.getByText('写明这条消息对客户有什么用').waitFor(); // nothing starts without it
  await page.getByLabel('对客户有什么用').fill('道一声谢');
  await page.getByText('刚刚算过').waitFor();
  await picture(page, 'approval-planner', true);
  await page.locator('.foot .ant-btn-primary', { hasText: '提交审批' }).click();
  await page.getByRole('dialog').locator('.ant-btn-primary').click();
  await page.waitForURL(/\/broadcasts\/\d+$/);
  const id = page.url().split('/').at(-1);
  await page.getByText('你写的，要由另一个人审批').waitFor();
  assert.equal(await page.getByRole('button', { name: /^批准/ }).count(), 0);

  const second = await openAs(t, 'S02', { role: 'manager', scope: 'all' });
  await second.goto(url);
  await second.getByText('群发「年终感谢」等你审批').waitFor();
  await second.goto(`${url}/broadcasts/${id}`);
  await second.getByRole('button', { name: /^批准，\d+ 人/ }).waitFor();
  await picture(second, 'approval-review', true);
  await second.getByRole('button', { name: '退回' }).click();
  const dialog = second.getByRole('dialog');
  await dialog.getByLabel('退回').fill('先写上门店地址');
  await dialog.locator('.ant-btn-primary').click();
  await second.getByText('已退回给作者').waitFor();

  await page.goto(`${url}/broadcasts/${id}`);
  await page.getByText('先写上门店地址').waitFor();
  await picture(page, 'approval-back', true);
  assert.equal((await api('GET', `/api/v1/broadcasts/${id}`)).state, 'draft');
  assert.equal((await control('deliveries')).items.filter((d) => d.kind === 'mass_customer').length, 0);
  for (const each of [page, second]) await each.goto(`${url}/staff`); // nobody looks at it when it goes
  await api('DELETE', `/api/v1/broadcasts/${id}`);
});
