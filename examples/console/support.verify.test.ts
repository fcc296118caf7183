// Support at the console, in a person's words: a customer calls, and support knows an e-mail address, an id, or an address of Stripe's
// dashboard. Everything works with and without script.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buy, hasChromium, openBrowser, openWorld, paidTooLittle, sitDown, until } from './console.test-support.ts';

let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await openBrowser();
});
afterAll(() => browser?.close());

describe.skipIf(!hasChromium).for([true, false])('with script: %s', (javaScriptEnabled) => {
  const options = { javaScriptEnabled };

  test('"I am m-1042, I paid and cannot get in": by the e-mail address to the order, which the shop then saves', async () => {
    const world = await openWorld();
    world.lock();
    const { orderId } = await buy(world, 'm-1042');
    await buy(world, 'm-2');
    await expect.poll(async () => (await world.ledger().history(orderId)).map(({ type }) => type)).toContain('DeliveryFailed');
    const desk = await sitDown(browser, world, options);
    const { page } = desk;
    await desk.see('queues/undelivered', orderId);
    await desk.go('');
    await page.getByLabel('Find an order, member or Stripe id').fill('M-1042@example.com');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Member m-1042' }).waitFor();
    expect(page.url()).toBe(`${world.console}members/m-1042`); // The address stands in no URL.
    expect(await desk.read()).toContain('m-1042@example.com');
    expect(await desk.read()).toContain('Not delivered');
    await page.getByRole('link', { name: orderId }).first().click();
    await page.getByText('m-1042 paid 90.00 USD and should have access, but your shop has not saved it.').waitFor();

    await page.getByRole('button', { name: 'Try now' }).click();
    const failed = page.getByRole('status').filter({ hasText: 'Tried again, and it failed' }); // It is still locked.
    expect(await failed.innerText()).toContain('ERR_SQLITE_ERROR');
    world.unlock();
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('Saved by your shop', { exact: true }).first().waitFor();
    expect(await desk.read()).not.toContain('Not delivered');
    expect(await (await fetch(`${world.url}/members/m-1042`)).text()).toContain('Come in, m-1042.');
    expect(desk.complaints).toEqual([]);
  });

  test('an address of the dashboard leads from a refund to its order: revoked, since when, and why', async () => {
    const world = await openWorld();
    const { orderId, paymentId } = await buy(world, 'ada');
    const { id: refundId } = await world.stripe.refunds.create({ payment_intent: paymentId });
    await until(world, orderId, ({ membership }) => membership === 'revoked');
    const desk = await sitDown(browser, world, options);
    const { page } = desk;
    await expect
      .poll(async () => {
        await desk.go('');
        await page.getByRole('searchbox').fill(`https://dashboard.stripe.com/acct_1/test/refunds/${refundId}?tab=1`);
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { level: 1 }).waitFor();
        return page.getByRole('heading', { level: 1 }).innerText();
      })
      .toBe(`Order ${orderId}`);
    const text = await desk.read();
    expect(text).toMatch(/ada has had no access since .*: 90\.00 USD was refunded\./);
    expect(await page.locator('.title .pill').innerText()).toContain('Revoked');
    expect(text).toMatch(/Revoked\s+since \d/);
    expect(desk.complaints).toEqual([]);
  });

  test('2,600 for 2,900: both amounts beside the choices; accepted with a reason, and the queue is empty', async () => {
    const world = await openWorld();
    await paidTooLittle(world, 'o-7');
    const desk = await sitDown(browser, world, options);
    const { page } = desk;
    await desk.see('queues/reviews', 'o-7');
    expect(await desk.read()).toContain('2,600.00');
    await page.getByRole('link', { name: 'o-7' }).first().click();
    const review = page
      .locator('section, form')
      .filter({ has: page.getByRole('radio') })
      .first();
    await review.waitFor();
    for (const text of ['2,600.00 TWD', '2,900.00 TWD', '−300.00 TWD']) expect(await review.innerText()).toContain(text);
    await page.getByRole('radio', { name: /Accept it as full payment.*missing 300\.00 TWD is waived/s }).check();
    await review.getByRole('textbox', { name: 'Reason' }).fill('agreed on the telephone, ticket 4711');
    await page.getByRole('button', { name: 'Resolve the review' }).click();
    await page.getByRole('status').waitFor();
    const person = page.getByRole('listitem').filter({ hasText: 'ticket 4711' }).first();
    expect(await person.innerText()).toContain('sup-3');
    await desk.see('queues/reviews', /Nothing waits/);
    expect(await desk.read()).toMatch(/The last one was resolved on .* by sup-3/);
    expect(desk.complaints).toEqual([]);
  });

  test('two people have the same review open: the second sees what the first did, and keeps the reason', async () => {
    const world = await openWorld();
    await paidTooLittle(world, 'o-7');
    const first = await sitDown(browser, world, { ...options, username: 'sup-1' });
    const second = await sitDown(browser, world, { ...options, username: 'sup-2' });
    for (const desk of [first, second]) await desk.go('orders/o-7');
    for (const [desk, choice, reason] of [
      [first, /^Do not accept it/, 'the customer wants the money back'],
      [second, /^Accept it as full payment/, 'we waive the rest'],
    ] as const) {
      await desk.page.getByRole('radio', { name: choice }).check();
      await desk.page
        .locator('form')
        .filter({ has: desk.page.getByRole('radio') })
        .getByRole('textbox', { name: 'Reason' })
        .fill(reason);
      await desk.page.getByRole('button', { name: 'Resolve the review' }).click();
      await desk.page.locator('h1').waitFor();
    }
    await second.page.getByText('Nothing was done').first().waitFor();
    const text = await second.read();
    expect(text).toContain('the customer wants the money back');
    expect(text).toContain('sup-1');
    expect(await second.page.getByRole('textbox', { name: 'Reason' }).inputValue()).toBe('we waive the rest');
    expect((await world.ledger().order('o-7'))?.membership).not.toBe('active');
    await second.page.getByRole('link', { name: 'Look at the order' }).click();
    await second.page.getByRole('heading', { name: 'Order o-7' }).waitFor();
  });
});
