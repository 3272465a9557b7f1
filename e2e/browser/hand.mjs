// A hand on the mouse: what the stories click, counted as an operator's clicks are. Typing is not counted, the click into a
// field is.
import { control, until } from './lib.mjs';

export function byHand(page) {
  const hand = {
    clicks: 0,
    async click(locator) { await locator.first().click(); hand.clicks++; },
    button: (name) => hand.click(page.getByRole('button', { name, exact: true })),
    async type(locator, text) { await hand.click(locator); await page.keyboard.insertText(text); },
    /** Opens a select, types until one option is left, and takes that. */
    async choose(locator, option) {
      await hand.click(locator);
      await page.keyboard.type(option);
      await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: option }).last().click();
      await until(`${option} to be chosen`, async () => await page.locator('.ant-select').filter({ hasText: option }).count() > 0);
      hand.clicks++;
      // A list of several stays open for the next one, over the fields below it; Tab would take its first option as well.
      const open = page.locator('.ant-select-open');
      if (await open.count() > 0) await page.keyboard.press('Escape');
      await until('the list to close', async () => await open.count() === 0);
      await page.keyboard.press('Tab');
    },
  };
  return hand;
}

/** What reached one customer, oldest first. */
export async function deliveriesTo(customer) {
  return (await control('deliveries')).items.filter((d) => d.customer === customer);
}

/** Waits until the world is quiet: every callback is answered and the platform has done what was due. */
export function settled() {
  let calm = 0;
  return until('the world to be quiet', async () => {
    const s = await control('state');
    calm = s.callbacks_pending === 0 && s.followers.every((f) => !f.busy) ? calm + 1 : 0;
    return calm >= 3;
  });
}
