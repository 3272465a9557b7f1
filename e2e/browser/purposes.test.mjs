// Purposes, the notice and minors: what a person sets on a page changes whom a mass message reaches, and says why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, go, languages, open, picture, tooWide, url, widths } from './lib.mjs';

const said = {
  'zh-CN': { mark: '标记未成年人', change: '修改', under: '未满 14 岁', save: '标记', reason: '怎么知道的', does: '没有监护人同意，不发营销', guardian: '登记监护人同意', who: '监护人是谁', marketing: '营销', words: '在哪里、怎样同意的', record: '登记同意', agreed: '李岚，母亲 同意：营销', end: '结束标记', endTitle: '结束未成年人标记', text: '写给客户的话', held: '这位客户登记为未满 14 岁' },
  'en-US': { mark: 'Mark as a minor', change: 'Change', under: 'Under 14', save: 'Mark', reason: 'How it is known', does: 'no marketing and no after-sales messages', guardian: "Record a guardian's consent", who: 'Who the guardian is', marketing: 'Marketing', words: 'Where and how they agreed', record: 'Record it', agreed: '李岚，母亲 agreed to: Marketing', end: 'End the mark', endTitle: 'End the mark of a minor', text: 'What the customer will read', held: 'marked as under 14' },
};

const plan = async () => {
  const p = await api('POST', '/api/v1/broadcasts/preview', { name: '护理课', text: '【花间】周末护理课开放预约。', benefit: '可以预约', audience: { tags: [], exclude_tags: [], staff: [] } });
  return Object.fromEntries(p.reasons.map((r) => [r.rule_id, r.count]));
};

for (const language of languages) {
  const w = said[language];
  test(`a customer marked as under 14 is left out of a mass message, ${language}`, async (t) => {
    const { items } = await api('GET', '/api/v1/customers?limit=1');
    const id = items[0].id;
    const page = await open(t, { language });
    await page.goto(`${url}/customers/${id}`);
    await page.getByRole('button', { name: w.mark }).click();
    const dialog = page.locator('.ant-modal');
    await dialog.getByText(w.under, { exact: true }).click();
    await dialog.getByLabel(w.reason).fill('家长到店说孩子 12 岁');
    await picture(page, `minor-mark-${language}`);
    await dialog.getByRole('button', { name: w.save, exact: true }).click();
    await page.getByText(w.does).first().waitFor();

    await go(page, '/broadcasts/new/edit');
    await page.getByLabel(w.text).fill('周末护理课开放预约。');
    await page.getByText(w.held).first().waitFor();
    await picture(page, `minor-preview-${language}`);

    await go(page, `/customers/${id}`);
    await page.getByRole('button', { name: w.guardian }).click();
    await dialog.getByLabel(w.who).fill('李岚，母亲');
    await dialog.getByText(w.marketing, { exact: true }).click();
    await dialog.getByLabel(w.words).fill('到店当面签字');
    await picture(page, `minor-guardian-${language}`);
    await dialog.getByRole('button', { name: w.record, exact: true }).click();
    await page.getByText(w.agreed).waitFor();
    await picture(page, `minor-customer-${language}`, true);
    assert.equal((await plan())['LAW-08'], undefined);

    await page.getByRole('button', { name: w.end, exact: true }).click();
    await dialog.getByLabel(w.endTitle).fill('登记错了人');
    await dialog.getByRole('button', { name: w.end, exact: true }).click();
    await page.getByRole('button', { name: w.mark }).waitFor();
  });
}

const notice = {
  'zh-CN': { write: /写(告知|新的一版)/, who: '谁在处理，怎样联系', how: '处理哪些信息，怎样处理', keep: '保存多久', rights: '客户的权利，怎样行使', about: '这一版是什么，改了什么', publish: '发布', done: '已写明', of: (x) => `对客户说：${x}`, read: '客户看到的页面', all: ['服务', '售后与关怀', '营销', '按标签和行为挑选', '敏感个人信息'], title: '我们怎样使用您的信息' },
  'en-US': { write: /Write (the notice|a new version)/, who: 'Who uses the data, and how to reach you', how: 'Which data is used, and how', keep: 'How long it is kept', rights: 'What people can ask for, and how', about: 'What this version is, or what it changes', publish: 'Publish', done: 'Named', of: (x) => `What it says of: ${x}`, read: 'The page customers see', all: ['Service', 'After-sales and care', 'Marketing', 'Choosing by tags and behaviour', 'Sensitive data'], title: 'How we use your data' },
};

for (const language of languages) {
  const w = notice[language];
  test(`the notice is written, published and read, ${language}`, async (t) => {
    const page = await open(t, { language });
    await page.goto(`${url}/purposes`);
    await page.getByRole('button', { name: w.write }).click();
    const drawer = page.locator('.ant-drawer');
    for (const name of w.all) { // named in one language, and by the next version in the other one
      const box = drawer.locator('.ant-checkbox-group label', { hasText: name });
      if (await box.locator('input').isEnabled() && !await box.locator('input').isChecked()) await box.click();
    }
    await drawer.getByLabel(w.who, { exact: true }).fill('花间花艺，桐花里 1 号，电话 021-0000000');
    for (const name of w.all) await drawer.getByLabel(w.of(name), { exact: true }).fill(`${name}：只用来做这件事。`);
    await drawer.getByLabel(w.how, { exact: true }).fill('您添加员工时的昵称、员工写的标签、您说的话。');
    await drawer.getByLabel(w.keep, { exact: true }).fill('关系结束后一年删除。');
    await drawer.getByLabel(w.rights, { exact: true }).fill('查询、更正、删除、撤回同意、投诉。');
    await drawer.getByLabel(w.about, { exact: true }).fill('浏览器测试的一版');
    await picture(page, `notice-editor-${language}`, true);
    await drawer.getByRole('button', { name: w.publish, exact: true }).click();
    await page.locator('.ant-modal-confirm').getByRole('button').last().click();
    await page.getByText(w.done, { exact: true }).first().waitFor();
    await drawer.waitFor({ state: 'hidden' });
    await page.getByRole('link', { name: w.read }).waitFor();
    await picture(page, `purposes-${language}`, true);

    const read = await open(t, { language, size: widths.phone, loggedIn: false, scripts: false });
    await read.goto(`${url}/p/privacy`);
    await read.getByRole('heading', { name: w.title }).waitFor();
    await read.getByText('021-0000000').waitFor();
    assert.ok(await tooWide(read) <= 1, 'wider than a phone');
    await picture(read, `privacy-${language}`, true);
  });
}

test('a channel code says what it is for', async (t) => {
  const page = await open(t);
  await page.goto(`${url}/contactways`);
  await page.getByRole('button', { name: '新建渠道活码' }).first().click();
  await page.getByLabel('名称').fill('售后码');
  await page.getByLabel('接待员工').fill('S0');
  await page.keyboard.press('Enter');
  await page.getByText('只用于服务（售后、咨询）').click();
  await picture(page, 'contactway-purpose', true);
  await page.getByRole('button', { name: '建活码' }).click();
  const row = page.locator('tbody tr', { hasText: '售后码' });
  await row.getByText('只用于服务').waitFor();
  await picture(page, 'contactways-purpose', true);
});
