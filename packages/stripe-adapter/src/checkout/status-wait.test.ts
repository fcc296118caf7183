// A status query that waits for news: woken by this process's own appends, without a further read of Stripe.
import { describe, expect, test } from 'vitest';
import { openShop } from '../shop.test-support.ts';

const longest = { waitMs: 60_000 };

describe('a status query that waits', () => {
  test('answers as soon as the webhook is recorded, and has read Stripe once', async () => {
    const { payments, checkout, sandbox } = await openShop();
    const sessionId = await checkout();
    sandbox.calls.reset();
    const waiting = payments.status(sessionId, longest);
    await expect.poll(() => sandbox.calls.count()).toBe(1);
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect(await waiting).toEqual({ state: 'active', stale: false });
    expect(sandbox.calls.count('GET /v1/checkout/sessions/:session')).toBe(1);
  });

  test('follows a payment from granting to active', async () => {
    const delivered = Promise.withResolvers<void>();
    const { payments, checkout, sandbox } = await openShop({ ledger: { deliver: () => delivered.promise } });
    const sessionId = await checkout();
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect((await payments.status(sessionId))?.state).toBe('granting');
    const waiting = payments.status(sessionId, longest);
    delivered.resolve();
    expect(await waiting).toEqual({ state: 'active', stale: false });
  });

  test('answers at once where nothing more is to come, and where the session is unknown', async () => {
    const { payments, checkout, sandbox } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect(await payments.status(sessionId, longest)).toEqual({ state: 'active', stale: false });
    expect(await payments.status('cs_test_unknown', longest)).toBeUndefined();
  });

  test('answers what it knew when its time is over, when the client has gone, and when the payments are disposed', async () => {
    const { payments, checkout, ledger } = await openShop({ ledger: { background: false } });
    const sessionId = await checkout();
    const pending = { state: 'pending', stale: false, nextPollAfterMs: 2_000 };
    expect(await payments.status(sessionId, { waitMs: 1 })).toEqual(pending);
    const gone = new AbortController();
    const waiting = payments.status(sessionId, { ...longest, signal: gone.signal });
    gone.abort();
    expect(await waiting).toEqual(pending);
    expect(await payments.status(sessionId, { ...longest, signal: AbortSignal.abort() })).toEqual(pending);
    const atClose = payments.status(sessionId, longest);
    await payments[Symbol.asyncDispose]();
    expect(await atClose).toEqual(pending);
    expect(ledger.delivers).toBe(false);
  });

  test('is answered at once beyond a thousand, and again once one of them has ended', async () => {
    const { payments, checkout } = await openShop();
    const sessionId = await checkout();
    await payments.status(sessionId);
    const gone = new AbortController();
    const waiting = Array.from({ length: 1_000 }, () => payments.status(sessionId, { ...longest, signal: gone.signal }));
    let ended = 0;
    for (const each of waiting) void each.then(() => ended++);
    const first = await payments.status(sessionId, longest);
    expect([first?.state, ended]).toEqual(['pending', 0]);
    gone.abort();
    await Promise.all(waiting);
  });

  test.each([-1, Number.NaN, 60_001, Number.POSITIVE_INFINITY])('is refused with waitMs %s', async (waitMs) => {
    const { payments, checkout } = await openShop();
    await expect(payments.status(await checkout(), { waitMs })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
