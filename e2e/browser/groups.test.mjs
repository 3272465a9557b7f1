// A message to customer groups: its picture comes from the library, the owners confirm, each group gets it once, and the next
// one is held back by chat.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, control, open, picture, until, url } from './lib.mjs';
import { byHand } from './hand.mjs';

const text = '本周新到的护理小样，群里的朋友到店可以领。';

async function planned(page) {
  await page.goto(`${url}/broadcasts`);
  const hand = byHand(page);
  await hand.button('新建群发');
  await hand.type(page.getByPlaceholder('例如：秋冬屏障修护'), '新到小样');
  await hand.click(page.getByText('客户群', { exact: true }).last());
  await hand.type(page.getByLabel('对客户有什么用'), '到店领小样');
  await hand.type(page.getByLabel('写给客户的话'), text);
  return hand;
}

test('a message with a picture goes to every customer group once; the next one is held back', async (t) => {
  const page = await open(t);
  await page.goto(`${url}/materials`);
  const shot = await page.screenshot({ clip: { x: 0, y: 0, width: 200, height: 160 } });
  await page.getByLabel('上传文件').first().setInputFiles({ name: '小样.png', mimeType: 'image/png', buffer: shot });
  await page.locator('table').getByRole('link', { name: '小样.png' }).waitFor();
  await picture(page, 'groups-materials', true);

  const hand = await planned(page);
  assert.ok(hand.clicks <= 5, `words and receivers take ${hand.clicks} clicks`);
  const least = hand.clicks;
  for (const owner of ['S02', 'S03']) await hand.choose(page.getByLabel('群主', { exact: true }), owner); // to more people another person has to agree
  await hand.click(page.getByText('添加附件'));
  await hand.click(page.getByRole('menuitem', { name: '图片' }));
  await hand.click(page.getByRole('dialog').getByRole('button', { name: /小样\.png/ }));
  await page.locator('.chosen-file').getByText('小样.png').waitFor();
  await page.getByText('刚刚算过').waitFor();
  await picture(page, 'groups-planner');
  const submit = page.locator('.foot .ant-btn-primary');
  await until('the count of groups', async () => /\d+ 个群/.test(await submit.textContent()) && !(await submit.isDisabled()));
  await hand.click(submit);
  await hand.click(page.getByRole('dialog').locator('.ant-btn-primary'));
  await page.waitForURL(/\/broadcasts\/\d[^/]*$/);
  assert.ok(least + 2 <= 7, `a message to groups without a picture takes ${least + 2} clicks`);

  const path = `/api/v1/broadcasts/${page.url().split('/').at(-1)}`;
  const opened = await until('the tasks', async () => { const b = await api('GET', path); return b.state === 'open' && b; });
  await control('clock', { advance: '10s' }); // owners see a task some seconds after it was made
  for (const task of (await api('GET', `${path}/tasks?limit=100`)).items) await control('act', { act: 'staff_confirms', staff: task.staff.id, ...(task.msgid ? { msgid: task.msgid } : {}) });
  const done = await until('every result', async () => { await control('clock', { advance: '10m' }); const b = await api('GET', path); return b.counts.sent === opened.counts.reachable && b; });
  const received = (await control('deliveries')).items.filter((d) => d.kind === 'mass_group' && d.text.includes('护理小样'));
  assert.equal(received.length, done.counts.sent);
  assert.equal(new Set(received.map((d) => d.chat)).size, received.length, 'no group received it twice');
  await page.reload();
  await page.locator('.results dd').first().waitFor();
  await picture(page, 'groups-results', true);

  await planned(page);
  await page.locator('.plan .legend', { hasText: `拦下 ${done.counts.sent}` }).waitFor();
  await page.locator('.plan').getByText('FTG-20').first().waitFor();
  await picture(page, 'groups-held');
});
