// What customers want about their own data: noted on their page, answered by an owner, done to the last row; a copy as a file; the periods.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { api, control, go, languages, open, openAs, picture, until, url } from './lib.mjs';
import { settled } from './hand.mjs';

/** Somebody new whom a member has as a contact. */
async function somebody() {
  const { customer } = await control('act', { act: 'scan_contact_way' });
  await until('the customer', async () => (await api('GET', `/api/v1/customers?q=${customer}`)).total === 1);
  await settled();
  return api('GET', `/api/v1/customers/${customer}`);
}

test('a customer who wants to be erased is, and nothing answers to them any more', async (t) => {
  const c = await somebody();
  const member = c.relations[0].staff.name;
  const page = await open(t, { tolerate: /404/ });
  await page.goto(`${url}/customers/${c.id}`);
  await page.getByRole('button', { name: '登记要求' }).click();
  await page.getByRole('dialog').getByText('要删除', { exact: true }).click();
  await page.getByRole('dialog').getByLabel('本人的话').fill('不想再被记着');
  await picture(page, 'privacy-note');
  await page.getByRole('dialog').getByRole('button', { name: '登记', exact: true }).click();
  await page.getByText('不想再被记着').waitFor();
  await picture(page, 'privacy-customer', true);

  await page.goto(url);
  await page.getByText('1 位客户对自己的资料有要求').waitFor();
  await page.getByRole('link', { name: '去答复' }).click();
  await page.getByRole('link', { name: c.name, exact: true }).waitFor();
  await picture(page, 'privacy-requests', true);
  await page.getByRole('button', { name: '答复', exact: true }).click();
  const answer = page.getByRole('dialog');
  await answer.getByText(`请 ${member} 自己在企业微信里删`).waitFor();
  await answer.getByLabel('为什么删除').fill('本人今天打电话要求');
  const erase = answer.getByRole('button', { name: '删除这位客户' });
  assert.ok(await erase.isDisabled(), 'a slip erases nobody');
  await answer.getByLabel(`输入「${c.name}」再删除`).fill(c.name);
  await picture(page, 'privacy-answer');
  await erase.click();
  await page.getByText('没有等答复的要求').waitFor();

  const shown = await open(t, { tolerate: /404/ }); // the page of the customer stays open meanwhile
  await shown.goto(`${url}/customers/${c.id}`);
  await page.getByRole('tab', { name: '删除', exact: true }).click();
  await until('the erasure', async () => {
    await control('clock', { advance: '1m' });
    await settled();
    return (await api('GET', '/api/v1/privacy/erasures?why=asked')).items[0].state === 'done';
  });
  await page.getByText('已删除', { exact: true }).waitFor();
  assert.equal(await page.getByText(c.name).count(), 0, 'nothing says who it was');
  await page.locator('.removed summary').click();
  await page.locator('.removed').getByText('客户与成员的关系 1').waitFor();
  await picture(page, 'privacy-erasures', true);
  await shown.getByText('没有找到这个客户').waitFor(); // without being loaded again
  await go(page, `/customers/${c.id}`);
  await page.getByText('没有找到这个客户').waitFor();
  await page.goto(`${url}/privacy/requests?show=ended`);
  await page.getByText('已删除的人').waitFor();
  await page.getByText('照办了').waitFor();

  // WeCom still names them; a sync counts that and stores nothing.
  await api('POST', '/api/v1/sync');
  await until('the sync', async () => { const s = await api('GET', '/api/v1/sync'); return s.reason === 'asked' && s.state === 'done' && s.parts.customers.erased === 1; });
  for (const language of languages) {
    const sync = await open(t, { language });
    await sync.goto(`${url}/settings/sync`);
    await sync.getByRole('columnheader', { name: language === 'zh-CN' ? '已删除' : 'Erased' }).waitFor();
    await picture(sync, `privacy-sync-${language}`);
    await sync.goto(`${url}/audit?act=person.erased`);
    await sync.getByRole('link', { name: language === 'zh-CN' ? '删除了一个人' : 'A person was erased' }).first().waitFor();
  }
  await page.goto(`${url}/customers/${c.id}`);
  await page.getByText('没有找到这个客户').waitFor();
});

test('who waits for the end of a conversation is shown to wait, and marketing has stopped', async (t) => {
  const c = await somebody();
  const kf = (await api('GET', '/api/v1/kf/accounts')).items[0].id;
  await control('act', { act: 'open_kf', kf, customer: c.id });
  await control('act', { act: 'customer_says', kf, customer: c.id, text: '转人工' });
  const session = await until('the conversation', async () => (await api('GET', '/api/v1/kf/sessions')).items.find((s) => s.customer.id === c.id));
  const page = await open(t, { tolerate: /404/ });
  await page.goto(`${url}/customers/${c.id}`);
  await page.getByRole('button', { name: '删除', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('为什么删除').fill('本人在门店当面要求');
  await dialog.getByLabel(`输入「${c.name}」再删除`).fill(c.name);
  await picture(page, 'privacy-erase');
  await dialog.getByRole('button', { name: '删除这位客户' }).click();
  await until('it is noted', async () => (await api('GET', '/api/v1/privacy/erasures?why=asked')).items.length === 2);
  await until('what it waits for', async () => {
    await control('clock', { advance: '1m' });
    await settled();
    return (await api('GET', `/api/v1/customers/${c.id}`)).wishes.erasing.waits_for === 'conversation';
  });
  await page.getByText('还在等：有一个客服会话没结束。').waitFor(); // without being loaded again
  assert.equal((await api('GET', `/api/v1/customers/${c.id}`)).optout.state, 'all');
  await picture(page, 'privacy-erasing', true);
  for (const language of languages) {
    const list = await open(t, { language });
    await list.goto(`${url}/privacy/erasures?show=waiting`);
    await list.getByText(language === 'zh-CN' ? '有一个客服会话没结束' : 'a service conversation is open').waitFor();
    await picture(list, `privacy-waiting-${language}`);
  }
  await api('POST', `/api/v1/kf/sessions/${session.id}/end`);
  await until('the erasure after its end', async () => {
    await control('clock', { advance: '5m' });
    await settled();
    return (await api('GET', '/api/v1/privacy/erasures?state=waiting')).total === 0;
  });
  await page.getByText('没有找到这个客户').waitFor();
});

test('a copy of a customer is a file that holds their name', async (t) => {
  const c = await somebody();
  const page = await open(t);
  await page.goto(`${url}/customers/${c.id}`);
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '下载副本' }).click()]);
  assert.match(file.suggestedFilename(), /^个人信息-.*-2026-11-2\d\.json$/);
  const copy = JSON.parse(await readFile(await file.path(), 'utf8'));
  assert.equal(copy.tables.find((x) => x.table === 'customer').rows[0].name, c.name);
  assert.equal(copy.tables.find((x) => x.table === 'customer').title, '客户');
});

test('an owner sets how long data is kept, and is told what is wrong and what goes', async (t) => {
  const page = await open(t, { tolerate: /409|422/ });
  await page.goto(`${url}/privacy`);
  await page.getByText('起才开始清除').waitFor(); // the first week is for looking
  const proof = page.getByLabel('凭证', { exact: true });
  await proof.fill('30');
  await page.getByRole('button', { name: '看今晚会删什么' }).click();
  await page.getByText('同意与拒绝的凭证至少留三年').waitFor();
  await picture(page, 'privacy-wrong', true);
  await proof.fill('1200');
  await page.getByRole('button', { name: '看今晚会删什么' }).click();
  await page.locator('.ant-modal-confirm-title', { hasText: '今晚没有到期的' }).waitFor();
  await picture(page, 'privacy-set');
  await page.getByRole('dialog').getByRole('button', { name: '改期限' }).click();
  await page.getByText('第 2 版').waitFor();
  assert.equal((await api('GET', '/api/v1/privacy/register')).periods.evidence, 1200);

  // Somebody else was faster: theirs stays, and is shown.
  await proof.fill('1300');
  await page.getByRole('button', { name: '看今晚会删什么' }).click();
  await page.getByRole('dialog').waitFor();
  await api('PUT', '/api/v1/privacy/periods', { contact: 365, words: 365, record: 1095, evidence: 1400, version: 2 });
  await page.getByRole('dialog').getByRole('button', { name: '改期限' }).click();
  await page.getByText('期限刚被别人改过').waitFor();
  await page.getByText('第 3 版').waitFor();
  assert.equal(await proof.inputValue(), '1400');
});

test('the pages say the same in both languages, and a manager reads but does not set', async (t) => {
  const words = { 'zh-CN': ['删除这位客户时', '怎么加的'], 'en-US': ['When the customer is erased', 'how added'] };
  for (const language of languages) {
    const page = await open(t, { language });
    await page.goto(`${url}/privacy`);
    await page.getByText(words[language][0]).waitFor();
    await picture(page, `privacy-register-${language}`, true);
    await page.locator('.register summary').nth(1).click();
    await page.getByText(words[language][1]).waitFor();
    await picture(page, `privacy-columns-${language}`);
    for (const part of ['requests', 'requests?show=ended', 'erasures', 'erasures?show=expired']) {
      await page.goto(`${url}/privacy/${part}`);
      await page.locator('.panel').first().waitFor();
      await page.locator('.sk-wait').first().waitFor({ state: 'detached' });
      await picture(page, `privacy-${part.replace('?', '-')}-${language}`, true);
    }
  }
  const manager = await openAs(t, 'S02', { role: 'manager', scope: 'all' });
  await manager.goto(`${url}/privacy`);
  await manager.getByText('只有所有者可以改。').waitFor();
  assert.equal(await manager.getByRole('button', { name: '看今晚会删什么' }).count(), 0);
  const department = await openAs(t, 'S02', { role: 'manager', scope: 'department' });
  await department.goto(`${url}/privacy/requests`);
  await department.getByText('你的数据范围是').waitFor();
});
