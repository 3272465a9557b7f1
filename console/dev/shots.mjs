// Pictures of pages of a running console: node dev/shots.mjs OUT PATH... [--en] [--dark] [--width N] [--full] [--base URL] [--login USER:PASSWORD] [--name NAME] [--do SCRIPT]
// The picture in the READMEs is the home page after a day of the demo: make demo ARGS="--speed 60", then
//   node dev/shots.mjs ../docs/images / --name console --login admin:PASSWORD
import { chromium } from 'playwright-core'

const args = process.argv.slice(2)
const flag = (name) => { const at = args.indexOf(name); if (at < 0) return false; args.splice(at, 1); return true }
const value = (name, or) => { const at = args.indexOf(name); if (at < 0) return or; return args.splice(at, 2)[1] }
const en = flag('--en'); const dark = flag('--dark'); const full = flag('--full')
const width = Number(value('--width', '1440')); const height = Number(value('--height', '960')); const base = value('--base', 'http://127.0.0.1:8420')
const act = value('--do', ''); const login = value('--login', ''); const name = value('--name', '')
const [out, ...paths] = args
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const context = await browser.newContext({ viewport: { width, height }, locale: en ? 'en-US' : 'zh-CN', colorScheme: dark ? 'dark' : 'light', timezoneId: 'Asia/Shanghai' })
await context.addInitScript(([lang, look]) => { localStorage.setItem('zhiyin.lang', lang); localStorage.setItem('zhiyin.look', look) }, [en ? 'en' : 'zh', dark ? 'dark' : 'light'])
const page = await context.newPage()
if (login) {
  const [user, password] = login.split(':')
  const answer = await page.request.post(`${base}/api/v1/session`, { data: { user, password } })
  if (!answer.ok()) console.log(`login: ${answer.status()} ${await answer.text()}`)
}
page.on('response', (r) => { if (r.status() >= 400) console.log(`${r.status()} ${r.request().method()} ${r.url()}`) })
page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') console.log(`${m.type()}: ${m.text().slice(0, 400)}`) })
page.on('pageerror', (e) => console.log(`threw: ${e.message}`))
for (const path of paths) {
  await page.goto(base + path)
  await page.waitForLoadState('load')
  await page.waitForTimeout(1800)
  if (act) { await page.evaluate(act); await page.waitForTimeout(700) }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
  if (wide) console.log(`${path}: wider than the window`)
  await page.screenshot({ path: `${out}/${name || path.replace(/[/?=&]+/g, '_').replace(/^_$/, 'home')}${en ? '-en' : ''}${dark ? '-dark' : ''}.png`, fullPage: full })
}
await browser.close()
