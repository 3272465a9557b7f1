// A Moment from its plan to what stays of it: planned by clicking, published by staff in the sandbox, accounted for, and read by
// a customer on the open page. It is aimed at a new customer with a tag of their own, so that the stories that follow count theirs
// untouched.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, control, open, picture, tooWide, until, url, widths } from './lib.mjs';
import { byHand, settled } from './hand.mjs';

const lines = ['换季护肤小课 #护肤小课', '这个周末，门店顾问免费测肤质，不用预约。', '地址：桐花里店二楼。', '测完会给一份护理顺序，写在卡片上。', '自带常用的护肤品，我们帮你看先后。', '门口可以停车两小时。', '顾问名单写在店门口的黑板上。'];
const text = lines.join('\n');

test('a Moment is planned by clicking, published by staff and accounted for; customers find it on the open page', async (t) => {
  const { customer } = await control('act', { act: 'scan_contact_way' });
  await until('the customer', async () => (await api('GET', `/api/v1/customers?q=${customer}`)).total === 1);
  const group = (await api('GET', '/api/v1/tag-groups')).items.find((x) => x.name === '关注');
  const tag = (await api('POST', `/api/v1/tag-groups/${group.id}/tags`, { names: ['小课'] })).tags.find((x) => x.name === '小课');
  await api('POST', '/api/v1/customers/tags', { ids: [customer], add: [tag.id], remove: [] });
  await until('the tag', async () => (await api('GET', `/api/v1/customers?tag=${tag.id}`)).total === 1);

  const page = await open(t);
  await page.goto(`${url}/moments`);
  const hand = byHand(page);
  await hand.button('新建朋友圈');
  await hand.type(page.getByPlaceholder('例如：换季护理日'), '换季小课');
  await hand.choose(page.getByLabel('标签', { exact: true }), '小课');
  await hand.type(page.getByLabel('写给客户的话'), text);
  await page.locator('.plan').getByText('刚刚算过').waitFor();
  await page.locator('.phone .unfold').waitFor();
  assert.equal((await page.locator('.phone .words').textContent()).includes(lines[6]), false, 'the seventh line is folded away');
  const planned = async () => Number((await page.locator('.plan .big b').textContent()).replaceAll(/\D/g, ''));
  await until('the plan for the one who carries the tag', async () => await planned() === 1);
  const foretold = await planned();
  await picture(page, 'moment-planner', true);
  await hand.click(page.locator('.foot .ant-btn-primary'));
  await page.locator('.ant-modal-confirm-title', { hasText: `最多 ${foretold} 位客户看到` }).waitFor();
  await hand.click(page.getByRole('dialog').locator('.ant-btn-primary'));
  await page.waitForURL(/\/moments\/\d+$/);
  assert.ok(hand.clicks <= 7, `a Moment takes ${hand.clicks} clicks`);

  const path = `/api/v1/moments/${page.url().split('/').at(-1)}`;
  await until('WeCom to have made it', async () => { await control('clock', { advance: '10s' }); return (await api('GET', path)).state === 'open'; });
  const waits = await until('the task of a member', async () => { await control('clock', { advance: '10s' }); return (await control('world')).tasks.filter((x) => x.kind === 'moment'); });
  assert.ok(waits.length > 0, 'members are asked');
  const { moment, staff } = await control('act', { act: 'publish_moment', moment: waits[0].id, staff: waits[0].staff });
  const saw = (await control('deliveries')).items.filter((d) => d.kind === 'moment' && d.staff === staff);
  assert.ok(saw.length > 0, 'customers see it');
  await control('act', { act: 'like_moment', moment, staff, customer: saw[0].customer });
  await control('act', { act: 'comment_moment', moment, staff, customer: saw[0].customer, text: '想去' });
  await until('what the platform reads of it', async () => { await control('clock', { advance: '1m' }); await settled(); const m = await api('GET', path); return m.tasks.published === 1 && m.likes === 1 && m.comments === 1 && m.counts.seen === saw.length; });
  await page.reload();
  await page.locator('.plain-table tr', { hasText: '已发表' }).waitFor();
  await page.getByText(/1 \/ \d+ 名员工已发表/).waitFor();
  await picture(page, 'moment-staff', true);
  await page.getByRole('tab', { name: '点赞和评论' }).click();
  const reactions = page.getByRole('tabpanel').locator('tbody tr');
  await reactions.nth(1).waitFor();
  assert.equal(await reactions.count(), 2);
  await picture(page, 'moment-reactions', true);

  // What followed it stands beside it; the comment waits for the member until somebody puts it aside.
  await page.getByRole('heading', { name: '效果与代价' }).waitFor();
  await page.getByText(`送到 ${saw.length} 位客户`).waitFor();
  await page.goto(`${url}/moments?tab=answers`);
  const waiting = page.locator('tbody tr', { hasText: '换季小课' });
  await waiting.waitFor();
  await picture(page, 'moment-answers', true);
  await waiting.getByRole('button', { name: '不用回了' }).click();
  await waiting.waitFor({ state: 'detached' });

  // The first page of governance: a figure leads to its rows.
  await page.goto(`${url}/governance`);
  const row = page.locator('tr', { hasText: '换季小课' });
  await row.getByRole('button', { name: `换季小课, 送达: ${saw.length}` }).click();
  const drawer = page.locator('.ant-drawer');
  await drawer.getByText(`${saw.length} 次触达`).waitFor();
  assert.equal(await drawer.locator('tbody tr').count(), saw.length);
  await picture(page, 'governance-rows');
  await page.reload();
  await drawer.getByText(`${saw.length} 次触达`).waitFor(); // a copied link shows the same
  await page.keyboard.press('Escape');
  await picture(page, 'governance-overview', true);
  const english = await open(t, { language: 'en-US' });
  await english.goto(`${url}/governance`);
  await english.getByRole('heading', { name: 'Who bothered most' }).waitFor();
  await picture(english, 'governance-overview-en', true);

  await page.goto(`${url}/moments?tab=calendar`);
  await page.locator('.month .today .item', { hasText: '换季小课' }).waitFor();
  await picture(page, 'moment-calendar', true);
  await page.locator('.month .today .item', { hasText: '换季小课' }).click();
  await page.getByRole('heading', { name: '换季小课' }).waitFor();

  await page.goto(`${url}/moments?tab=pages`);
  await page.getByLabel('客户看到的标题').fill('花间集的朋友圈');
  await page.getByRole('button', { name: '打开历史页' }).click();
  const link = await page.locator('td a', { hasText: '/p/moments/' }).getAttribute('href');
  await picture(page, 'moment-pages', true);

  // Without scripts: a stranger does not see what is aimed at some; the customer who opens it in WeChat does.
  const phone = await open(t, { size: widths.phone, loggedIn: false, scripts: false });
  await phone.goto(link);
  await phone.getByRole('heading', { name: '花间集的朋友圈' }).waitFor();
  assert.equal(await phone.locator('.post', { hasText: lines[0] }).count(), 0, 'it was aimed at some customers only');
  await phone.context().addCookies([{ name: 'sandbox_who', value: saw[0].customer, domain: '127.0.0.1', path: '/connect/oauth2/authorize' }]);
  await phone.getByRole('link', { name: '看发给我的内容' }).click();
  const post = phone.locator('.post', { hasText: lines[0] });
  await post.waitFor();
  assert.equal(await post.locator('details p').isVisible(), false, 'the seventh line is folded away');
  await post.locator('summary').click();
  await post.getByText(lines[6]).waitFor();
  assert.equal(await tooWide(phone), 0);
  await picture(phone, 'phone-moments', true);
});
