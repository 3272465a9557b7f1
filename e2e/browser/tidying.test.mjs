// What an operator looks up and tidies, within the click budget: who was lost after what, who sits in several groups, tags for
// all customers of a filter. It runs after the stories and uses the world they leave.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, control, open, picture, until, url } from './lib.mjs';
import { byHand, deliveriesTo, settled } from './hand.mjs';

test('who was lost this week, and after what, is two clicks from home', async (t) => {
  const way = (await api('GET', '/api/v1/contactways')).items.find((x) => x.name === '桐花里店收银台');
  const scan = await control('act', { act: 'scan_contact_way', config_id: way.config_id });
  await until('the welcome', async () => (await deliveriesTo(scan.customer)).some((d) => d.kind === 'welcome'));
  await control('clock', { advance: '90s' });
  await control('act', { act: 'customer_deletes_staff', customer: scan.customer, staff: scan.staff });
  await settled();
  const { name } = await api('GET', `/api/v1/customers/${scan.customer}`);

  const page = await open(t);
  await page.goto(url);
  const hand = byHand(page);
  await hand.click(page.locator('.kp .figure a[href$="/losses"]'));
  const row = page.locator('tbody tr', { has: page.getByRole('link', { name, exact: true }) }).first();
  await row.getByText('客户删除了员工').waitFor();
  await row.getByText('后流失').waitFor();
  await picture(page, 'job-losses', true);
  await hand.click(row.locator('a[href*="/touches/"]'));
  await page.locator('.explain h2').waitFor();
  assert.ok(hand.clicks <= 3, `who was lost, and after what, takes ${hand.clicks} clicks`);
});

test('who sits in several groups is listed with all their groups', async (t) => {
  const way = (await api('GET', '/api/v1/joinways')).items.find((x) => x.name === '换季护理群');
  const other = (await api('GET', '/api/v1/groupchats')).items.find((g) => g.customers > 0 && !way.rooms.some((r) => r.chat_id === g.id));
  const { members } = await api('GET', `/api/v1/groupchats/${other.id}`);
  const someone = members.find((m) => m.kind === 'customer');
  await control('act', { act: 'scan_join_way', config_id: way.config_id, customer: someone.id });
  await control('clock', { advance: '5s' }); // groupchat/get shows a join about 2 s after its event
  const { customer, groups } = await until('the second group', async () => (await api('GET', '/api/v1/groupchats/several?limit=200')).items.find((x) => x.customer.id === someone.id));
  assert.ok(groups.length >= 2, `${groups.length} groups`);
  const page = await open(t);
  await page.goto(`${url}/groupchats`);
  const hand = byHand(page);
  await hand.button('谁在几个群里');
  const row = page.locator('tbody tr', { hasText: customer.name }).first();
  for (const g of groups) await row.getByRole('link', { name: g.name, exact: true }).waitFor();
  await picture(page, 'job-several', true);
  assert.ok(hand.clicks <= 3, `who sits in several groups takes ${hand.clicks} clicks`);
});

test('all customers of a filter are tagged at once', async (t) => {
  const tags = (await api('GET', '/api/v1/tag-groups')).items.flatMap((g) => g.tags);
  const [of, give] = ['金卡', '活动'].map((name) => tags.find((x) => x.name === name));
  const { total } = await api('GET', `/api/v1/customers?tag=${of.id}`);
  const page = await open(t);
  await page.goto(`${url}/customers`);
  const hand = byHand(page);
  await hand.click(page.locator('.filters').getByLabel('标签', { exact: true }));
  const offered = page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: of.name });
  await offered.first().waitFor();
  await page.keyboard.type(of.name);
  await until('one tag to be offered', async () => await page.locator('.ant-select-dropdown:visible .ant-select-item-option').count() === 1);
  await page.keyboard.press('Enter');
  await page.locator('.list .active .tag', { hasText: of.name }).waitFor();
  await page.keyboard.press('Escape'); // closes the list
  await hand.button(`给这 ${total} 位打标签`);
  const dialog = page.getByRole('dialog');
  const wanted = page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: give.name });
  await hand.click(dialog.locator('.ant-select').first()); // then a name and Enter need no click
  await page.keyboard.type(give.name);
  await until('one tag to be left', async () => await wanted.count() === 1);
  await page.keyboard.press('Enter');
  await dialog.getByText(`会改 ${total} 位客户的标签`).waitFor();
  await page.keyboard.press('Escape'); // closes the list, which lies over the button
  await picture(page, 'job-tags');
  await hand.click(dialog.locator('.ant-btn-primary'));
  await page.getByText(`已改 ${total} 位`).waitFor();
  assert.ok(hand.clicks <= 4, `tagging all customers of a filter takes ${hand.clicks} clicks`);
  assert.ok((await api('GET', `/api/v1/customers?tag=${of.id}&tag=${give.id}`)).total === total, 'each of them carries the tag');
});
