// A member's account is limited: an owner notes the code that WeCom answers, the next answer stops that member, a person lets them go on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, control, languages, open, picture, until, url } from './lib.mjs';

test('a noted code stops one member, and a person lets them go on', async (t) => {
  const page = await open(t);
  await page.goto(`${url}/settings/staff`);
  await page.getByText('还没有登记，只靠人按下。').waitFor();
  await page.getByRole('button', { name: '登记错误码' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('错误码').fill('{"errcode":99001,"errmsg":"limited"}');
  await form.getByText('读到的是 99001').waitFor();
  await form.getByLabel('在哪里看到的').fill('11 月 24 日发欢迎语时返回，他的微信当天被限制');
  await picture(page, 'limited-code');
  await form.locator('.ant-btn-primary').click();
  await page.getByText('他的微信当天被限制').first().waitFor();

  const { staff } = await control('act', { act: 'scan_contact_way' }); // somebody whom codes lead to
  await api('POST', '/api/v1/welcomes', { name: '默认', enabled: true, scope: { kind: 'default' }, text: '{客户}您好，我是花间集的{员工}。' });
  await control('faults', [{ match: '*/send_welcome_msg', staff, errcode: 99001 }]);
  t.after(() => control('faults', []));
  await until('the stop', async () => {
    await control('act', { act: 'scan_contact_way' }); // of whichever member the code leads to
    return (await api('GET', '/api/v1/governance/halts')).items.some((h) => h.kind === 'limited' && h.staff.id === staff);
  });
  for (const language of languages) {
    const shown = await open(t, { language });
    await shown.goto(`${url}/settings/staff`);
    await shown.getByText(language === 'zh-CN' ? '账号受限，停发中' : 'is limited; nothing is sent').waitFor();
    await picture(shown, `limited-${language}`, true);
    await shown.goto(`${url}/caps`);
    await shown.getByText(language === 'zh-CN' ? '账号受限，停发中' : 'is limited; nothing is sent').waitFor();
    await picture(shown, `limited-caps-${language}`, true);
  }
  await page.reload();
  await page.getByRole('button', { name: '恢复', exact: true }).click();
  await page.getByRole('dialog').locator('.ant-btn-primary').click();
  await page.getByText('现在没有。').waitFor();
  const halts = (await api('GET', '/api/v1/governance/halts')).items;
  assert.ok(halts.every((h) => h.lifted_at), 'the stop is lifted');
});
