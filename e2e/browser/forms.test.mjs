// What is wrong with a form stands at the field and says the way out; nothing typed is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, open, url } from './lib.mjs';

test('an attachment that WeCom would refuse is refused at its field when the draft is saved', async (t) => {
  const page = await open(t, { tolerate: /422/ });
  await page.goto(`${url}/broadcasts/new/edit`);
  await page.getByLabel('名称').fill('带链接的群发');
  await page.getByLabel('写给客户的话').fill('新品到店');
  await page.getByRole('button', { name: '添加附件' }).click();
  await page.getByRole('menuitem', { name: '链接' }).click();
  const card = page.locator('.attachment');
  await card.getByLabel('标题').fill('周年');
  await card.getByLabel('网址', { exact: true }).fill('shop.example');
  await page.getByRole('button', { name: '存草稿' }).click();
  await card.getByText('以 https:// 开头').waitFor();
  assert.equal(await card.getByLabel('网址', { exact: true }).inputValue(), 'shop.example');
  await card.getByLabel('网址', { exact: true }).fill('https://shop.example/a');
  await page.getByRole('button', { name: '存草稿' }).click();
  await page.waitForURL(/\/broadcasts\/\d+\/edit/);
});

test('a regular expression that only the server cannot read is refused at its field', async (t) => {
  const page = await open(t, { tolerate: /422/ });
  await page.goto(`${url}/autoreplies/new`);
  await page.getByLabel('名称').fill('断言');
  await page.locator('main .ant-select').first().click();
  await page.getByTitle('正则').click();
  await page.locator('#patterns_0_value').fill('退(?=货)');
  await page.getByLabel('回答的话').fill('请到店里');
  await page.getByRole('button', { name: '保存' }).click();
  await page.locator('.ant-form-item-explain-error', { hasText: '不能用断言' }).waitFor();
  assert.equal(await page.getByLabel('回答的话').inputValue(), '请到店里');
});

test('a token with one member\'s data says whose', async (t) => {
  const page = await open(t);
  await page.goto(`${url}/settings/tokens`);
  await page.getByRole('button', { name: '新建令牌' }).first().click();
  await page.getByLabel('用途').fill('只看一家店');
  await page.getByLabel('看到谁的').click();
  await page.getByTitle('本部门及以下').click();
  await page.getByRole('button', { name: '建令牌', exact: true }).click();
  await page.getByText('选一名员工', { exact: true }).waitFor();
  await page.getByLabel('谁的数据').fill('S09');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: '建令牌', exact: true }).click();
  await page.getByText('只显示这一次').waitFor();
  const made = (await api('GET', '/api/v1/tokens?limit=50')).items.find((x) => x.name === '只看一家店');
  assert.equal(made.scope, 'department');
});
