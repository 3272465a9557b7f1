// Customers leave as a file only for a purpose and to somebody on record; many of them when a second person agrees. After a leak the
// list of those concerned is there.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { api, languages, open, openAs, picture, tooWide, until, url, widths } from './lib.mjs';

const assessment = (title, kinds) => api('POST', '/api/v1/assessments', {
  title, kinds, aims: '只为代发到店提醒，合同写明，合法、正当、必要', influence: '昵称可能被服务商的人看到，影响很小', measures: '合同约定用途与删除，按次导出，逐次审批',
  assessor: '店长 周周', assessed_on: '2026-11-20', valid_until: '2027-11-20',
});
const customers = async () => { // the first sync has to be over
  await until('customers are synced', async () => (await api('GET', '/api/v1/customers?limit=1')).total >= 250);
  return (await api('GET', '/api/v1/customers?limit=1&count=exact')).total;
};

async function download(page, act) {
  const [file] = await Promise.all([page.waitForEvent('download'), act()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

test('an export of many waits for a second person, goes to a receiver on record, and each line of its file carries its mark', async (t) => {
  const all = await customers();
  await api('PUT', '/api/v1/export-limit', { size: 50 });
  const page = await open(t, { tolerate: /422/ }); // a receiver without an assessment is refused on purpose
  await page.goto(`${url}/receivers`);
  await page.getByText('还没有登记接收方').waitFor();
  await page.getByRole('button', { name: '登记接收方' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('接收方', { exact: true }).fill('青禾短信服务有限公司');
  await form.getByLabel('合同编号').fill('HT-2026-18');
  await form.getByLabel('合同到期日').fill('2027-12-31');
  await page.keyboard.press('Enter');
  await form.getByLabel('给它哪些信息').fill('昵称、添加时间');
  await form.getByLabel('它拿去做什么').fill('代发到店提醒');
  await form.locator('.ant-btn-primary').click();
  await form.getByText('还没有有效的影响评估').first().waitFor(); // field and way out
  await picture(page, 'receiver-refused');
  const { number } = await assessment('委托短信服务商代发提醒', ['entrusting']);
  await form.locator('.ant-btn-primary').click();
  await page.getByText(`依据评估 ${number}`).waitFor();

  await page.goto(`${url}/customers`);
  await page.getByRole('button', { name: '导出' }).click();
  const ask = page.getByRole('dialog');
  await ask.getByText(`文件里有 ${all} 位客户`).waitFor();
  await ask.getByText('要另一个人审批后才能取').waitFor();
  await ask.getByLabel('拿去做什么').fill('代发周末到店提醒');
  await ask.getByLabel('给谁').click();
  await page.getByTitle('青禾短信服务有限公司').click();
  await picture(page, 'export-ask');
  await ask.locator('.ant-btn-primary', { hasText: `提交审批，${all} 位` }).click();
  await page.getByText('已提交，等另一个人审批').waitFor();
  await page.goto(`${url}/receivers`);
  await page.getByText('你导出的，要由另一个人审批').waitFor();
  assert.equal(await page.getByRole('button', { name: /^批准/ }).count(), 0);

  const second = await openAs(t, 'S02', { role: 'manager', scope: 'all' });
  await second.goto(url);
  await second.getByText('1 次客户导出等你审批').waitFor();
  await second.goto(`${url}/receivers`);
  await second.getByRole('button', { name: `批准，${all} 位` }).click();
  const sure = second.getByRole('dialog');
  await sure.getByText('代发周末到店提醒').waitFor();
  await picture(second, 'export-approve');
  await sure.locator('.ant-btn-primary').click();
  await second.getByText('可以取', { exact: true }).waitFor();
  assert.equal(await second.getByRole('link', { name: '取文件' }).count(), 0); // it is not theirs

  await page.reload();
  const { name, text } = await download(page, () => page.getByRole('link', { name: '取文件' }).click());
  const lines = text.trim().split('\n');
  const mark = /customers-(\d+-[0-9a-f]{8})\.csv/.exec(name)?.[1];
  assert.ok(mark, name);
  assert.ok(text.startsWith('\ufeffid,name,added_at,staff,source,channel,tags,export_id,exported_by'), lines[0]);
  assert.equal(lines.length, all + 1);
  assert.ok(lines.slice(1).every((l) => l.includes(`,${mark},admin 2026-11-24 `)), lines[1]);

  await page.getByPlaceholder('按文件里的 export_id 查').fill(mark);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: '看有谁' }).click();
  await page.getByText('交出').first().waitFor();
  await picture(page, 'export-whom');
  await page.keyboard.press('Escape');
  await page.goto(`${url}/receivers`);
  await page.getByText('取过 1 次').waitFor();
  for (const language of languages) {
    const shown = language === 'zh-CN' ? page : await open(t, { language });
    if (shown !== page) await shown.goto(`${url}/receivers`);
    await shown.getByText('HT-2026-18').waitFor();
    await picture(shown, `receivers-${language}`, true);
    await shown.setViewportSize(widths.phone);
    assert.equal(await tooWide(shown), 0);
    await shown.setViewportSize(widths.desk);
  }
});

test('what needs an assessment shows which, and assessments are kept', async (t) => {
  const page = await open(t);
  await assessment('按「高血压」标签发复诊提醒', ['sensitive', 'automated']);
  await page.goto(`${url}/assessments`);
  await page.getByText('按「高血压」标签发复诊提醒').waitFor();
  await page.getByRole('row', { name: /高血压/ }).getByRole('button', { name: '看内容' }).click();
  await page.getByText('合同约定用途与删除').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('row', { name: /高血压/ }).getByRole('button', { name: '撤回' }).click();
  const sure = page.getByRole('dialog');
  await sure.getByLabel('为什么撤回').fill('不再这样发');
  await sure.locator('.ant-btn-primary').click();
  await page.getByText('不再这样发').waitFor();
  for (const language of languages) {
    const shown = language === 'zh-CN' ? page : await open(t, { language });
    if (shown !== page) await shown.goto(`${url}/assessments`);
    await shown.getByText('高血压').first().waitFor();
    await picture(shown, `assessments-${language}`, true);
    await shown.setViewportSize(widths.phone);
    assert.equal(await tooWide(shown), 0);
    await shown.setViewportSize(widths.desk);
  }
});

test('after a leak, whom the account looked at is listed, with what to say and who says it', async (t) => {
  await customers();
  const { token } = await api('POST', '/api/v1/tokens', { name: 'till', role: 'operator', scope: 'all' });
  const own = await fetch(`${url}/api/v1/customers?limit=3`, { headers: { authorization: `Bearer ${token}` } });
  const seen = (await own.json()).items;
  assert.equal(seen.length, 3);

  const page = await open(t);
  await page.goto(`${url}/incidents`);
  await page.getByText('没有登记过泄露事件').waitFor();
  await page.getByRole('button', { name: '登记泄露' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('发生了什么').fill('收银机里的令牌被拷走');
  await form.getByLabel('怎么泄露的').click();
  await page.getByTitle('令牌泄露').click();
  await form.getByLabel('令牌的名字').fill('till');
  await form.getByLabel('涉及哪些信息').fill('微信昵称、标签');
  await form.getByLabel('原因').fill('收银机送修，令牌存在里面');
  await form.getByLabel('可能造成的危害').fill('可能有人冒充门店联系客户');
  await form.getByLabel('客户自己可以做什么').fill('不要转账，有疑问打门店电话');
  await form.getByLabel('怎样联系你们').fill('privacy@example.com');
  await picture(page, 'incident-form');
  await page.keyboard.press('Escape');
  // Times within the hour are the API's to give: the world's clock hardly moves.
  const [{ at }] = (await api('GET', '/api/v1/audit/entries?who=token:till&act=list-customers')).items;
  const incident = await api('POST', '/api/v1/incidents', {
    title: '收银机里的令牌被拷走', kind: 'token', ref: 'till', since: at, found_at: at, data_kinds: '微信昵称、标签', cause: '收银机送修，令牌存在里面',
    harm: '可能有人冒充门店联系客户', advice: '不要转账，有疑问打门店电话', contact: 'privacy@example.com',
  });
  await page.goto(`${url}/incidents/${incident.id}`);
  await page.getByText('个人信息泄露事件报告').waitFor();
  for (const c of seen) await page.getByRole('link', { name: c.name }).first().waitFor();
  await page.getByText('被这个账号看过或改过').first().waitFor();
  const { text } = await download(page, () => page.getByRole('link', { name: '下载名单' }).click());
  for (const c of seen) assert.ok(text.includes(c.id), `${c.name} is not in the list`);
  await page.getByRole('button', { name: '记下一步' }).click();
  const step = page.getByRole('dialog');
  await step.getByLabel('做了什么、对谁、怎么做的').fill('远程注销，改了密码');
  await step.locator('.ant-btn-primary').click();
  await page.getByText('远程注销，改了密码').waitFor();
  for (const language of languages) {
    const shown = language === 'zh-CN' ? page : await open(t, { language });
    if (shown !== page) await shown.goto(`${url}/incidents/${incident.id}`);
    await shown.getByText('privacy@example.com').first().waitFor();
    await picture(shown, `incident-${language}`, true);
    await shown.setViewportSize(widths.phone);
    assert.equal(await tooWide(shown), 0);
    await shown.setViewportSize(widths.desk);
    await shown.goto(`${url}/incidents`);
    await shown.getByText('收银机里的令牌被拷走').waitFor();
    await picture(shown, `incidents-${language}`);
  }
});
