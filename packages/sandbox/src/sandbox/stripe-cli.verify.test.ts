// The real Stripe CLI against the sandbox: its fixtures create, pay and refund, and it sends events again. `listen`
// needs Stripe's own websocket service, so the sandbox has nothing for it.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSession, startGround } from './sandbox.test-support.ts';

const BINARY = findBinary();
if (BINARY === undefined) {
  console.warn('SKIPPED: the Stripe CLI is not installed (@stripe/cli-linux-x64 is for Linux on x64 only). Nothing here was checked.');
}

function findBinary(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@stripe/cli-linux-x64/package.json')), 'bin', 'stripe');
  } catch {
    return undefined;
  }
}

/** Its answer; it may not find a configuration, and leaves none behind. */
function stripeCli(url: string, ...args: readonly string[]): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'stripe-cli-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const env = { PATH: process.env['PATH'], HOME: home, XDG_CONFIG_HOME: home, STRIPE_CLI_TELEMETRY_OPTOUT: '1', NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    const all = [...args, '--api-key', 'sk_test_123456789012', '--api-base', url, '--color', 'off'];
    execFile(BINARY ?? '', all, { env }, (error, stdout, stderr) => {
      if (error) reject(new Error(`stripe ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`));
      else resolve(stdout + stderr);
    });
  });
}

describe.skipIf(BINARY === undefined)('the Stripe CLI', () => {
  test('trigger checkout.session.completed pays a session on its page', async () => {
    const { sandbox, stripe, shop } = await startGround();
    expect(await stripeCli(sandbox.url, 'trigger', 'checkout.session.completed')).toContain('Trigger succeeded!');
    const [session] = (await stripe.checkout.sessions.list()).data;
    expect(session).toMatchObject({ status: 'complete', payment_status: 'paid', amount_total: 3_000, currency: 'usd' });
    await sandbox.deliverDue();
    const reported = shop.received.find(({ event }) => event.type === 'checkout.session.completed');
    expect(reported?.event.data.object).toMatchObject({ id: session?.id, payment_status: 'paid' });
    expect(sandbox.calls.byRoute()).toMatchObject({
      'GET /v1/payment_pages/:session': 1,
      'POST /v1/payment_pages/:session/confirm': 1,
    });
  });

  test('trigger payment_intent.succeeded pays without Checkout', async () => {
    const { sandbox, stripe, shop } = await startGround();
    expect(await stripeCli(sandbox.url, 'trigger', 'payment_intent.succeeded')).toContain('Trigger succeeded!');
    const [intent] = (await stripe.paymentIntents.list()).data;
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 2_000 });
    await sandbox.deliverDue();
    expect(shop.types().toSorted()).toEqual(['charge.succeeded', 'payment_intent.created', 'payment_intent.succeeded']);
  });

  test('trigger charge.refunded gives the money back', async () => {
    const { sandbox, stripe, shop } = await startGround();
    expect(await stripeCli(sandbox.url, 'trigger', 'charge.refunded')).toContain('Trigger succeeded!');
    const [charge] = (await stripe.charges.list()).data;
    expect(charge).toMatchObject({ refunded: true, amount_refunded: charge?.amount });
    await sandbox.deliverDue();
    expect(shop.types()).toContain('charge.refunded');
  });

  test('events resend sends a lost event after all', async () => {
    const { sandbox, stripe, shop } = await startGround();
    sandbox.pay((await createSession(stripe)).id, { fate: 'lost' });
    await sandbox.deliverDue();
    expect(shop.received).toEqual([]);
    const [event] = (await stripe.events.list({ type: 'checkout.session.completed' })).data;
    const answer = await stripeCli(sandbox.url, 'events', 'resend', String(event?.id), '--webhook-endpoint', 'we_configured0');
    expect(answer).toContain(String(event?.id));
    await sandbox.deliverDue();
    expect(shop.received.map(({ event: { id } }) => id)).toEqual([event?.id]);
  });

  // Each needs another part of the sandbox; the CLI's own fixtures check that what they build on is there.
  test.each([
    'charge.captured',
    'charge.dispute.closed',
    'charge.dispute.created',
    'charge.dispute.updated',
    'charge.failed',
    'checkout.session.async_payment_failed',
    'checkout.session.async_payment_succeeded',
    'checkout.session.expired',
    'customer.created',
    'customer.subscription.created',
    'customer.subscription.deleted',
    'customer.subscription.updated',
    'invoice.created',
    'invoice.finalized',
    'invoice.marked_uncollectible',
    'invoice.paid',
    'invoice.payment_action_required',
    'invoice.payment_failed',
    'invoice.voided',
    'invoiceitem.created',
    'payment_intent.amount_capturable_updated',
    'payment_intent.canceled',
    'payment_intent.payment_failed',
    'payment_intent.processing',
    'payment_intent.requires_action',
    'payment_link.created',
    'payment_method.attached',
  ])('trigger %s makes that event', async (type) => {
    const { sandbox, stripe } = await startGround();
    await stripeCli(sandbox.url, 'trigger', type);
    await sandbox.advance(60_000);
    expect((await stripe.events.list({ limit: 100 })).data.map((event) => event.type)).toContain(type);
  });
});
