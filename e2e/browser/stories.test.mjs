// The product's story, as people live it: staff click in the console, customers act in the sandbox, both see the result.
// The steps follow one another in one world; what an operator sets up is set up by clicking, and the clicks are counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, control, open, picture, tooWide, until, url, widths } from './lib.mjs';
import { byHand, deliveriesTo, settled } from './hand.mjs';

const welcome = '你好，我是花间集的护肤顾问。';
const tillWelcome = '欢迎来到桐花里店，柜台可以免费测肤质。';
const shop = {}; // what earlier steps made

test('an operator sets the shop up within the click budget', async (t) => {
  const page = await open(t);

  await page.goto(`${url}/welcomes`);
  let hand = byHand(page);
  await hand.button('新建欢迎语');
  await hand.type(page.getByPlaceholder('只有自己看得到'), '默认欢迎语');
  await hand.type(page.getByLabel('写给客户的话'), welcome);
  await page.locator('.phone .bubble', { hasText: welcome }).waitFor();
  await picture(page, 'story-welcome-editor');
  await hand.button('保存');
  await page.getByRole('link', { name: '默认欢迎语' }).waitFor();
  assert.ok(hand.clicks <= 5, `the default welcome takes ${hand.clicks} clicks`);

  await page.goto(`${url}/contactways`);
  hand = byHand(page);
  await hand.button('新建渠道活码');
  await hand.type(page.getByLabel('名称', { exact: true }), '桐花里店收银台');
  await hand.choose(page.getByLabel('接待员工'), 'S03');
  await hand.type(page.getByLabel('欢迎语', { exact: true }), tillWelcome);
  await hand.button('建活码');
  await page.locator('table').getByRole('button', { name: '桐花里店收银台' }).waitFor();
  assert.ok(hand.clicks <= 7, `a channel code with its welcome takes ${hand.clicks} clicks`);

  await page.goto(`${url}/joinways`);
  hand = byHand(page);
  await hand.button('新建群活码');
  await hand.type(page.getByLabel('名称', { exact: true }), '换季护理群');
  await hand.choose(page.getByLabel('后面的群'), '花间集福利群 02');
  await hand.type(page.getByLabel('新群名称'), '换季护理');
  await hand.button('建群活码');
  await page.locator('table').getByRole('button', { name: '换季护理群' }).waitFor();
  assert.ok(hand.clicks <= 6, `a group code that rolls over takes ${hand.clicks} clicks`);

  await page.goto(`${url}/autoreplies`);
  hand = byHand(page);
  await hand.button('新建规则');
  await hand.type(page.getByLabel('名称', { exact: true }), '营业时间');
  await hand.type(page.locator('input[aria-label="客户说到"]:not([role])'), '营业');
  await hand.type(page.getByLabel('回答的话'), '门店每天十点到二十二点营业。');
  await hand.button('保存');
  await page.getByRole('link', { name: '营业时间' }).waitFor();
  assert.ok(hand.clicks <= 6, `a keyword rule takes ${hand.clicks} clicks`);

  await page.goto(`${url}/autoreplies`);
  hand = byHand(page);
  await hand.button('新建规则');
  await hand.type(page.getByLabel('名称', { exact: true }), '进群');
  await hand.type(page.locator('input[aria-label="客户说到"]:not([role])'), '进群');
  await hand.click(page.getByText('请进群', { exact: true }));
  await hand.choose(page.getByLabel('哪张群活码'), '换季护理群');
  await hand.button('保存');
  await page.getByRole('link', { name: '进群' }).waitFor();
  assert.ok(hand.clicks <= 7, `a keyword that leads to a group takes ${hand.clicks} clicks`);
});

test('who scans a code is welcomed within two seconds, and the console says from where and why', async (t) => {
  const way = (await api('GET', '/api/v1/contactways')).items.find((x) => x.name === '桐花里店收银台');
  const scan = await control('act', { act: 'scan_contact_way', config_id: way.config_id });
  const began = Date.now();
  const sent = await until('the welcome', async () => (await deliveriesTo(scan.customer)).find((d) => d.kind === 'welcome'), 5000);
  assert.ok(Date.now() - began < 2000, `the welcome came after ${Date.now() - began} ms`);
  assert.equal(sent.text, tillWelcome);
  assert.equal(sent.staff, scan.staff);
  await settled();

  const page = await open(t);
  const customer = await api('GET', `/api/v1/customers/${scan.customer}`);
  shop.newcomer = customer;
  await page.goto(`${url}/customers`);
  const row = page.locator('tr', { has: page.getByRole('link', { name: customer.name, exact: true }) }).first();
  await row.getByText('桐花里店收银台').waitFor();
  await row.getByRole('link', { name: customer.name, exact: true }).click();
  await page.getByRole('link', { name: '桐花里店收银台' }).first().waitFor();
  await picture(page, 'story-customer', true);
  await page.locator('.timeline').getByRole('link', { name: '看原因' }).first().click();
  await page.locator('.explain h2').waitFor();
  await page.locator('.explain').getByText('欢迎语', { exact: false }).first().waitFor();
  await page.locator('.explain blockquote', { hasText: tillWelcome }).waitFor();
  await page.locator('.explain .read tr.pass').first().waitFor();
  await picture(page, 'story-why', true);
});

test('a keyword is answered, and a group keyword leads into a group with room', async (t) => {
  const account = (await api('GET', '/api/v1/kf/accounts')).items[0].id;
  const { customer } = await control('act', { act: 'open_kf', kf: account });
  const says = (text) => control('act', { act: 'customer_says', kf: account, customer, text });
  await says('请问你们几点营业');
  await until('the answer', async () => (await deliveriesTo(customer)).some((d) => d.text.includes('十点到二十二点')));
  await says('我想进群');
  const link = await until('the way into the group', async () => (await deliveriesTo(customer)).map((d) => d.text.match(/https?:\/\/\S+\/p\/groups\/\S+/)?.[0]).find(Boolean));
  await settled();

  const page = await open(t);
  await page.goto(`${url}/inbox`);
  await page.locator('.sess').first().click();
  await page.locator('.log').getByText('门店每天十点到二十二点营业。').waitFor();
  await page.locator('.log').getByText('依据：关键词规则').first().waitFor();
  await picture(page, 'story-inbox');

  const phone = await open(t, { size: widths.phone, loggedIn: false });
  await phone.goto(link);
  await phone.getByText('花间集福利群 02').waitFor();
  await phone.locator('img').first().waitFor();
  assert.equal(await tooWide(phone), 0);
  await picture(phone, 'phone-group', true);

  const way = (await api('GET', '/api/v1/joinways')).items.find((x) => x.name === '换季护理群');
  const joined = await control('act', { act: 'scan_join_way', config_id: way.config_id, customer: shop.newcomer.id });
  assert.equal(joined.joined, true, JSON.stringify(joined));
  await control('clock', { advance: '5s' }); // groupchat/get shows a join about 2 s after its event
  await page.goto(`${url}/groupchats/${joined.chat}`);
  const member = page.locator('tr', { has: page.getByRole('link', { name: shop.newcomer.name, exact: true }) });
  await until('the member with its source', async () => { await page.reload(); await page.locator('table').waitFor(); return member.getByText('换季护理群').count(); });
  await picture(page, 'story-group', true);
});

test('two unknown questions bring a person, who answers until nothing is left', async (t) => {
  const account = (await api('GET', '/api/v1/kf/accounts')).items[0].id;
  const { customer } = await control('act', { act: 'open_kf', kf: account });
  for (const text of ['你们的瓶子能回收吗', '空瓶寄到哪里']) {
    await control('act', { act: 'customer_says', kf: account, customer, text });
    await settled();
    await control('clock', { advance: '10s' });
  }
  const { items } = await api('GET', '/api/v1/kf/sessions?view=waiting');
  assert.equal(items[0]?.customer.id, customer, 'the session waits for a person');
  const most = items[0].window.left_messages;
  const before = (await deliveriesTo(customer)).length;

  const page = await open(t);
  await page.goto(`${url}/inbox?view=waiting`);
  await page.locator('.sess', { hasText: items[0].customer.name }).click();
  await picture(page, 'story-waiting');
  await page.getByRole('button', { name: '接待', exact: true }).click();
  const box = page.getByLabel('回复客户');
  for (let left = most; left > 0; left--) {
    await page.locator('.composer .tabs').getByText(`本轮还可发 ${left} 条`).waitFor();
    await box.fill(`可以回收，这是第 ${1 + most - left} 条`);
    await box.press('Enter');
    await page.locator('.log').getByText(`可以回收，这是第 ${1 + most - left} 条`).waitFor();
  }
  await page.getByText('客户上一条消息之后已发满 5 条').waitFor();
  assert.equal(await box.count(), 0, 'the composer is locked');
  await settled();
  const got = await deliveriesTo(customer);
  assert.equal(got.length, before + most);
  assert.equal(got.at(-1).text, `可以回收，这是第 ${most} 条`);
  await picture(page, 'story-locked');
});

/** Writes a mass message to a tag by clicking, and answers the clicks, what was foretold and the page's id. */
async function massMessage(page, { name, tag, text }) {
  await page.goto(`${url}/broadcasts`);
  const hand = byHand(page);
  await hand.button('新建群发');
  await hand.type(page.getByPlaceholder('例如：秋冬屏障修护'), name);
  await hand.type(page.getByLabel('对客户有什么用'), '知道时间和地点');
  await hand.choose(page.getByLabel('标签', { exact: true }), tag);
  await hand.type(page.getByLabel('写给客户的话'), text);
  await page.getByText('刚刚算过').waitFor();
  return hand;
}

const number = async (locator) => Number((await locator.textContent()).replaceAll(/\D/g, ''));

test('a mass message to a tag is foretold, confirmed and accounted for; the second one is held back', async (t) => {
  const page = await open(t);
  const hand = await massMessage(page, { name: '会员日', tag: '金卡', text: '会员日到店，免费测肤质。' });
  const foretold = await until('the forecast', async () => (await page.locator('.plan .big').count()) && number(page.locator('.plan .big b')));
  await picture(page, 'story-planner');
  await hand.click(page.locator('.foot .ant-btn-primary'));
  const dialog = page.getByRole('dialog');
  await dialog.locator('.ant-modal-confirm-title', { hasText: `确认后发给 ${foretold} 位客户` }).waitFor();
  await picture(page, 'story-submit');
  await hand.click(dialog.locator('.ant-btn-primary'));
  await page.waitForURL(/\/broadcasts\/[^/]+$/);
  assert.ok(hand.clicks <= 8, `a mass message takes ${hand.clicks} clicks`);
  shop.first = page.url().split('/').at(-1);

  const path = `/api/v1/broadcasts/${shop.first}`;
  await until('the tasks', async () => (await api('GET', path)).state === 'open');
  await control('clock', { advance: '10s' }); // members see a task some seconds after it was made
  await confirmAll(path);
  const done = await until('every result', async () => { await control('clock', { advance: '10m' }); const b = await api('GET', path); return b.counts.sent + b.counts.not_friend + b.counts.over_limit === foretold && b; });
  const received = (await control('deliveries')).items.filter((d) => d.kind === 'mass_customer' && d.text.includes('会员日到店'));
  assert.equal(received.length, done.counts.sent);
  assert.equal(new Set(received.map((d) => d.customer)).size, received.length, 'nobody received it twice');
  await page.reload();
  await until('the results on the page', async () => await number(page.locator('.results dd').first()) === done.counts.sent);
  await page.getByText('已送达').first().waitFor();
  await picture(page, 'story-results', true);

  await massMessage(page, { name: '会员日再提醒', tag: '金卡', text: '会员日最后一天，记得来。' });
  await until('who is held back', async () => (await page.locator('.plan .legend', { hasText: `拦下 ${done.counts.sent}` }).count()) > 0);
  await page.locator('.plan').getByText('FTG-01').first().waitFor();
  await picture(page, 'story-held');
  await massMessage(page, { name: '换季小课', tag: '油皮', text: '换季护肤小课今晚开讲。' });
  const held = (await api('POST', '/api/v1/broadcasts/preview', { text: '换季护肤小课今晚开讲。', audience: { tags: [await tagID('油皮')], tag_mode: 'any' } })).held;
  assert.ok(held > 0, 'some customers carry both tags');
  await page.locator('.foot .ant-btn-primary').click();
  await page.getByRole('dialog').locator('.ant-btn-primary').click();
  await page.waitForURL(/\/broadcasts\/\d[^/]*$/);
  await page.goto(`${page.url()}?state=held`);
  const row = page.locator('tbody tr', { hasText: 'FTG-01' }).first();
  await row.waitFor();
  await row.getByRole('link', { name: '看原因' }).click();
  await page.locator('.explain .kind.held').waitFor();
  await page.locator('.explain tr.held', { hasText: 'FTG-01' }).first().waitFor();
  await picture(page, 'story-why-held', true);
});

const tagID = async (name) => (await api('GET', '/api/v1/tag-groups')).items.flatMap((g) => g.tags).find((x) => x.name === name).id;

async function confirmAll(path) {
  const { items } = await api('GET', `${path}/tasks?limit=100`);
  for (const task of items) await control('act', { act: 'staff_confirms', staff: task.staff.id, ...(task.msgid ? { msgid: task.msgid } : {}) });
}

test('who stops messages by one press is held back from then on', async (t) => {
  const tag = await tagID('敏感肌');
  const one = (await api('GET', `/api/v1/customers?tag=${tag}&limit=50`)).items.find((c) => c.budget.windows[0].used === 0 && c.type === 'wechat');
  const { preferences_url: link } = await api('GET', `/api/v1/customers/${one.id}`);
  const phone = await open(t, { size: widths.phone, loggedIn: false });
  await phone.goto(link);
  assert.equal(await tooWide(phone), 0);
  await picture(phone, 'phone-preferences', true);
  await phone.getByRole('button', { name: '全部停止' }).click();
  await phone.getByRole('status').getByText('已停止').waitFor();
  await picture(phone, 'phone-stopped', true);

  const page = await open(t);
  await massMessage(page, { name: '敏感肌护理', tag: '敏感肌', text: '敏感肌护理课，门店预约。' });
  await page.locator('.foot .ant-btn-primary').click();
  await page.getByRole('dialog').locator('.ant-btn-primary').click();
  await page.waitForURL(/\/broadcasts\/\d[^/]*$/);
  await page.goto(`${page.url()}?state=held`);
  const row = page.locator('tbody tr', { has: page.getByRole('link', { name: one.name, exact: true }) }).first();
  await row.waitFor();
  assert.match(await row.textContent(), /退订|停止|不再接收|LAW-24/);
  await page.goto(`${url}/optouts`);
  await page.getByRole('link', { name: one.name, exact: true }).first().waitFor();
  assert.equal((await deliveriesTo(one.id)).filter((d) => d.kind === 'mass_customer').length, 0);
  await picture(page, 'story-optouts', true);
});
