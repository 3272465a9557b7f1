// Words in doubt wait in the queue, and another person decides there; a member who is taken up the ladder appeals, and somebody else decides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, open, openAs, picture, url } from './lib.mjs';

test('a text in doubt is looked at by a second person, and given back with the reason', async (t) => {
  const draft = await api('POST', '/api/v1/broadcasts', { name: '夸一夸', text: '你好，这是全国第一的护理课。不想再收到，回复“退订”我来关掉。', benefit: '知道新课', audience: { tags: [] } });
  const plan = await api('GET', `/api/v1/broadcasts/${draft.id}/plan`);
  const sent = await api('POST', `/api/v1/broadcasts/${draft.id}/submit`, { expect_reachable: plan.reachable });
  assert.equal(sent.state, 'review');
  const second = await openAs(t, 'S02', { role: 'manager', scope: 'all' });
  await second.goto(`${url}/reviews`);
  await second.getByRole('button', { name: '夸一夸' }).click();
  const drawer = second.getByRole('dialog');
  await drawer.getByText('规则怎么说').waitFor();
  await drawer.locator('mark').first().waitFor();
  await picture(second, 'review-one', true);
  await drawer.getByRole('button', { name: '退回' }).click();
  await drawer.getByLabel('退回的理由').fill('不要说第一');
  await drawer.locator('.ant-btn-primary', { hasText: '退回' }).click();
  await second.getByText('已退回').first().waitFor();
  assert.equal((await api('GET', `/api/v1/broadcasts/${draft.id}`)).state, 'draft');
  await second.goto(`${url}/reviews?show=decided`);
  await second.getByRole('button', { name: '夸一夸' }).waitFor();
  await picture(second, 'review-decided');
  await api('DELETE', `/api/v1/broadcasts/${draft.id}`);
});

test('who is taken up the ladder appeals, and another person decides', async (t) => {
  const page = await open(t);
  await page.goto(`${url}/ladder`);
  await page.getByText('没有人在阶梯上').waitFor();
  await page.getByRole('button', { name: '上一级' }).click();
  const modal = page.getByRole('dialog');
  await modal.getByLabel('谁').click();
  await page.locator('.ant-select-item-option').nth(3).click();
  await modal.getByLabel('级别').click();
  await page.locator('.ant-select-item-option', { hasText: '4 停用' }).last().click();
  await modal.getByLabel('为什么').fill('连着发广告');
  await picture(page, 'ladder-raise');
  await modal.locator('.ant-btn-primary').click();
  await page.getByText('生效中').first().waitFor();
  const step = (await api('GET', '/api/v1/ladder')).items.find((s) => s.rung === 4);
  assert.ok((await api('GET', '/api/v1/governance/halts')).items.some((h) => h.staff?.id === step.who.id && !h.lifted_at));

  const member = await openAs(t, step.who.id, { role: 'staff', scope: 'own' });
  await member.goto(`${url}/ladder?open=${step.id}`);
  await member.getByLabel('写明为什么').fill('那是课程的名字');
  await member.getByRole('dialog').getByRole('button', { name: '申诉' }).click();
  await member.getByText('已申诉').first().waitFor();
  const other = await openAs(t, 'S02', { role: 'manager', scope: 'all' });
  await other.goto(`${url}/ladder?show=appeals&open=${step.id}`);
  await other.getByLabel('理由').fill('看过，是课程名');
  await picture(other, 'ladder-appeal', true);
  assert.equal((await api('GET', `/api/v1/ladder/${step.id}`)).state, 'in_force');
  await other.getByRole('button', { name: '成立，去掉这次' }).click();
  await other.getByText('已决定').first().waitFor();
  await other.goto(`${url}/ladder?show=all`);
  await other.getByText('成立', { exact: true }).waitFor();
  assert.ok((await api('GET', '/api/v1/governance/halts')).items.every((h) => h.staff?.id !== step.who.id || h.lifted_at), 'who was right may send again');
  await picture(other, 'ladder-all', true);
});
