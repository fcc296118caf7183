// On-call at the console, in a person's words: the shop's table is locked, webhooks are lost, a dispute opens. And who may only look.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bought, buy, type Desk, hasChromium, openBrowser, openWorld, sitDown, until, type World } from './console.test-support.ts';

let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await openBrowser();
});
afterAll(() => browser?.close());

/** Forty customers pay while nothing can be saved. */
async function fortyFail(world: World): Promise<readonly Bought[]> {
  world.lock();
  return Promise.all(Array.from({ length: 40 }, (_, at) => buy(world, `m-${at}`)));
}

/** From the list to a run of all of them. */
async function deliverAll({ page, see }: Desk): Promise<void> {
  await see('queues/undelivered', /Deliver all 40 again/);
  await page
    .getByRole('link', { name: 'Deliver all 40 again' })
    .or(page.getByRole('button', { name: 'Deliver all 40 again' }))
    .first()
    .click();
  await page.getByRole('heading', { name: 'Deliver 40 orders again?' }).waitFor();
  await page.getByText('Exactly these 40').waitFor();
  await page.getByRole('textbox', { name: 'Reason' }).fill('the table was locked until noon');
  await page.getByRole('button', { name: 'Deliver 40 again' }).click();
  await page.waitForURL(/runs\/[\w-]{36}$/);
}

describe.skipIf(!hasChromium).for([true, false])('with script: %s', (javaScriptEnabled) => {
  test('the table was locked and 40 orders failed: all 40 are delivered again, each once', async () => {
    const world = await openWorld();
    await fortyFail(world);
    const desk = await sitDown(browser, world, { javaScriptEnabled });
    await desk.see('', /40 .*not saved|has not saved 40/);
    world.unlock();
    await deliverAll(desk);
    const run = new URL(desk.page.url()).pathname.replace('/admin/payments/', '');
    await desk.see(run, /40 of 40 done/);
    expect(await desk.read()).toContain('the table was locked until noon');
    expect(world.timesSaved()).toEqual(Array.from({ length: 40 }, () => 1));
    await desk.see('queues/undelivered', /Nothing waits/);
    await desk.see('runs', /Done/);
    await desk.see('activity', /sup-3/);
    expect(desk.complaints).toEqual([]);
  });

  test('a run that is canceled half-way: what is done and what is left are 40', async () => {
    const gate = Promise.withResolvers<void>();
    let saved = 0;
    const world = await openWorld({
      deliver: async (_change, save) => {
        if (saved >= 20) await gate.promise;
        const stored = save();
        saved += 1;
        return stored;
      },
    });
    await fortyFail(world);
    world.unlock();
    const desk = await sitDown(browser, world, { javaScriptEnabled });
    const { page } = desk;
    await deliverAll(desk);
    const run = new URL(page.url()).pathname.replace('/admin/payments/', '');
    await desk.see(run, /20 of 40 done/);
    await page.getByRole('link', { name: 'Cancel the run…' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('the wrong table');
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByText('Canceled').first().waitFor();
    gate.resolve();
    // Four are under way when the run is canceled, and are still counted.
    await desk.see(run, /Saved by your shop\s+24\s.*Not done\s+16\s/s);
    await expect.poll(() => world.timesSaved()).toEqual(Array.from({ length: 24 }, () => 1));
    await desk.see('queues/undelivered', /Deliver all 16 again/);
  });
});

const hourMs = 3_600_000;

describe.skipIf(!hasChromium)('what happens at Stripe', () => {
  test('webhooks are lost for an hour: the verdict names the day, the bars have a red stub, and the alert leads there', async () => {
    const world = await openWorld({ from: '2026-11-20T09:10:00Z' });
    await Promise.all(Array.from({ length: 16 }, (_, at) => buy(world, `m-${at}`)));
    await expect.poll(() => world.timesSaved().length).toBe(16);
    await world.later(hourMs);
    const lost = await Promise.all(Array.from({ length: 8 }, (_, at) => buy(world, `l-${at}`, { fate: 'lost' })));
    for (const { orderId, sessionId } of lost) {
      await world.shop().payments.status(sessionId); // The customer asks, and nobody else knows of it.
      await until(world, orderId, ({ membership }) => membership === 'active');
    }
    const desk = await sitDown(browser, world);
    await desk.see('health', /8 orders of the last 24 hours/);
    expect(await desk.read()).toContain('Webhooks are missing; the poll finds the payments.');
    await world.later(hourMs);
    await buy(world, 'm-16');
    await desk.see('', /Webhooks failed on 20 Nov/);
    await desk.page
      .getByRole('link', { name: /Health/ })
      .first()
      .click();
    await desk.page.waitForURL(/\/health/);
    const account = desk.page.locator('.card.tight').first();
    expect(await account.innerText()).toMatch(/Missed\s+8/);
    expect(await account.locator('svg desc').textContent()).toContain('1 hour without one although orders were paid');
    expect(await account.locator('svg .bad').count()).toBe(1);
    expect(desk.complaints).toEqual([]);
  });

  test('a dispute opens, and is won: suspended with a banner, then active again, and the lane shows the thin line', async () => {
    const world = await openWorld();
    const { orderId, paymentId } = await buy(world, 'dot');
    const { id: disputeId } = world.sandbox.dispute(paymentId);
    await until(world, orderId, ({ membership }) => membership === 'suspended');
    const desk = await sitDown(browser, world);
    const { page } = desk;
    await desk.see('queues/suspended', orderId);
    expect(await desk.read()).toContain('90.00');
    await page.getByRole('link', { name: orderId }).first().click();
    await page
      .getByRole('heading', { name: /dispute/i })
      .first()
      .waitFor();
    const link = page.getByRole('link', { name: 'Open the dispute at Stripe' });
    expect(await link.getAttribute('href')).toBe(`https://dashboard.stripe.com/${world.sandbox.account}/test/disputes/${disputeId}`);
    await world.later(hourMs);
    world.sandbox.updateDispute(disputeId, 'won');
    await until(world, orderId, ({ membership }) => membership === 'active');
    await desk.see(`orders/${orderId}`, /Membership restored/);
    expect(await page.locator('.title .pill').innerText()).toContain('Active');
    await desk.see('queues/suspended', /Nothing waits/);
    await desk.see('members/dot', /has access through/);
    expect(await page.locator('svg rect.warn').getAttribute('height')).toBe('3');
    expect(await page.locator('svg rect.ok').count()).toBe(2);
    expect(desk.complaints).toEqual([]);
  });
});
