// What a shop's own tests of its payments look like: a sandbox and the app in one process, and nothing that waits for real time.
import { type StripeSandbox, startStripeSandbox } from '@paidonce/sandbox';
import Stripe from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type App, startApp } from './app.ts';

const stateOf = async (sessionId: string): Promise<unknown> => (await fetch(`${app.url}/payment/status/${sessionId}`)).json();

// #region start
const dayMs = 86_400_000;
const webhookSecret = 'whsec_sandbox_local';
let sandbox: StripeSandbox;
let app: App;
let aheadMs: number;

beforeEach(async () => {
  aheadMs = 0;
  const runtime = { now: () => new Date(Date.now() + aheadMs) }; // One clock, for Stripe and for the app.
  sandbox = await startStripeSandbox({ automatic: false, runtime, settleAfterMs: 3 * dayMs });
  const stripe = new Stripe('sk_test_123456789012', { ...sandbox.clientConfig });
  app = await startApp({ stripe, webhookSecret, runtime });
  sandbox.addWebhookEndpoint({ url: `${app.url}/webhooks/stripe`, secret: webhookSecret });
});
afterEach(async () => {
  await app.close();
  await sandbox.close();
});

/** Time passes, and what falls due at Stripe happens: webhooks are sent, debits settle, sessions expire. */
async function pass(ms = 0): Promise<void> {
  aheadMs += ms;
  await sandbox.deliverDue();
  await app.settled();
}
// #endregion start

// #region webhooks
test('who pays is a member, and welcomed once, though each webhook comes five times', async () => {
  const { sessionId } = await app.buy('ada');
  sandbox.pay(sessionId, { fate: 'doubled' });
  await pass();
  expect([app.hasAccess('ada'), app.welcomes('ada')]).toEqual([true, 1]);
});

test('where the webhook is lost, the success page finds the payment; its webhook changes nothing later', async () => {
  const { sessionId } = await app.buy('ada');
  sandbox.pay(sessionId, { fate: 'late:600' });
  await fetch(`${app.url}/payment/status/${sessionId}`);
  await pass();
  expect([app.hasAccess('ada'), app.welcomes('ada')]).toEqual([true, 1]);
  await pass(600_000);
  expect([app.hasAccess('ada'), app.welcomes('ada')]).toEqual([true, 1]);
});

test('where nobody asks either, the poll finds it', async () => {
  const { sessionId } = await app.buy('ada');
  sandbox.pay(sessionId, { fate: 'lost' });
  await app.poll();
  await pass();
  expect(app.hasAccess('ada')).toBe(true);
});
// #endregion webhooks

// #region money
test('a refund ends the access, a declined card gives none', async () => {
  const { sessionId } = await app.buy('ada');
  sandbox.pay(sessionId, { card: 'declined' });
  await pass();
  expect(app.hasAccess('ada')).toBe(false);
  sandbox.pay(sessionId);
  await pass();
  expect(app.hasAccess('ada')).toBe(true);
  sandbox.refund(sessionId);
  await pass();
  expect(app.hasAccess('ada')).toBe(false);
});
// #endregion money

// #region clock
test('a debit gives access when it settles, days later, and for a year from then', async () => {
  const { sessionId } = await app.buy('ada');
  sandbox.pay(sessionId, { card: 'processing' });
  await pass();
  expect([await stateOf(sessionId), app.hasAccess('ada')]).toMatchObject([{ state: 'processing' }, false]);
  await pass(3 * dayMs);
  expect([await stateOf(sessionId), app.hasAccess('ada')]).toMatchObject([{ state: 'active' }, true]);
  await pass(364 * dayMs);
  expect(app.hasAccess('ada')).toBe(true);
  await pass(2 * dayMs);
  expect(app.hasAccess('ada')).toBe(false);
});
// #endregion clock

// #region faults
test('while Stripe does not answer, the page hears what was known, and nothing is lost', async () => {
  const { sessionId } = await app.buy('ada');
  sandbox.pay(sessionId, { fate: 'lost' });
  sandbox.injectFault({ kind: 'status', status: 500, times: 100 });
  expect(await stateOf(sessionId)).toMatchObject({ state: 'pending', stale: true });
  sandbox.clearFaults();
  await app.poll();
  await pass();
  expect(app.hasAccess('ada')).toBe(true);
});
// #endregion faults
