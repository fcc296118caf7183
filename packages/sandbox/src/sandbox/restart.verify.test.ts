// A state file: what a new sandbox on the same file still knows, and whom it refuses.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clientOf, createSession, HOUR_MS, SECRET, startGround, startSandbox, startShop } from './sandbox.test-support.ts';

function newFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'stripe-sandbox-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, 'stripe.db');
}

describe('after a restart', () => {
  test('sessions, payments and their order are there, and idempotency keys still count', async () => {
    const stateFile = newFile();
    const first = await startSandbox({ stateFile });
    const before = clientOf(first);
    const open = await createSession(before);
    const paid = await before.checkout.sessions.create(
      {
        mode: 'payment',
        success_url: 'http://127.0.0.1/',
        line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'x' } } }],
      },
      { idempotencyKey: 'k1' },
    );
    first.pay(paid.id);
    const refund = first.refund(paid.id, { amountMinor: 100 });
    const events = (await before.events.list({ limit: 100 })).data;
    await first.close();

    const second = await startSandbox({ stateFile });
    const after = clientOf(second);
    expect(second.port).not.toBe(0);
    const list = await after.checkout.sessions.list({ expand: ['data.payment_intent'] });
    expect(list.data.map(({ id }) => id)).toEqual([paid.id, open.id]);
    expect(list.data[0]).toMatchObject({ payment_status: 'paid', payment_intent: { amount_received: 500 } });
    // The page moved with the port.
    expect((await after.checkout.sessions.retrieve(open.id)).url).toBe(`${second.url}/c/pay/${open.id}`);
    expect(await after.refunds.retrieve(refund.id)).toMatchObject({ amount: 100, status: 'succeeded' });
    expect((await after.events.list({ limit: 100 })).data).toEqual(events);
    second.pay(open.id);
    expect((await after.checkout.sessions.retrieve(open.id)).payment_status).toBe('paid');
    const replay = await after.checkout.sessions.create(
      {
        mode: 'payment',
        success_url: 'http://127.0.0.1/',
        line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'x' } } }],
      },
      { idempotencyKey: 'k1' },
    );
    expect(replay.id).toBe(paid.id);
  });

  test('pending webhooks go out, to where the endpoint is now', async () => {
    const stateFile = newFile();
    const gone = await startShop();
    const first = await startSandbox({ stateFile, automatic: false, webhookEndpoints: [{ url: gone.url, secret: SECRET }] });
    const stripe = clientOf(first);
    first.pay((await createSession(stripe)).id);
    first.pay((await createSession(stripe)).id, { fate: 'late:30' });
    first.pay((await createSession(stripe)).id, { fate: 'lost' });
    gone.answer(500);
    await first.deliverDue();
    expect(gone.received).toHaveLength(4);
    await first.close();

    const shop = await startShop();
    const second = await startSandbox({ stateFile, automatic: false, webhookEndpoints: [{ url: shop.url, secret: SECRET }] });
    await second.advance(HOUR_MS);
    expect(shop.received).toHaveLength(8);
    expect(gone.received).toHaveLength(4);
  });

  test('open sessions still expire, debits still settle, and the clock has not gone back', async () => {
    const stateFile = newFile();
    const first = await startSandbox({ stateFile, automatic: false });
    await first.advance(100 * HOUR_MS);
    const open = await createSession(clientOf(first));
    const debit = await createSession(clientOf(first));
    first.pay(debit.id, { card: 'processing' });
    await first.close();
    const second = await startSandbox({ stateFile, automatic: false });
    const stripe = clientOf(second);
    expect((await stripe.checkout.sessions.retrieve(open.id)).status).toBe('open');
    await second.advance(24 * HOUR_MS);
    expect((await stripe.checkout.sessions.retrieve(open.id)).status).toBe('expired');
    expect((await stripe.checkout.sessions.retrieve(debit.id)).payment_status).toBe('paid');
  });

  test('an endpoint that is configured no more gets nothing more', async () => {
    const stateFile = newFile();
    const shop = await startShop();
    const first = await startSandbox({ stateFile, automatic: false, webhookEndpoints: [{ url: shop.url, secret: SECRET }] });
    first.pay((await createSession(clientOf(first))).id);
    await first.close();
    const second = await startSandbox({ stateFile, automatic: false });
    await second.advance(HOUR_MS);
    expect(shop.received).toEqual([]);
  });
});

describe('the file', () => {
  test('serves one sandbox at a time', async () => {
    const stateFile = newFile();
    await startSandbox({ stateFile });
    await expect(startSandbox({ stateFile })).rejects.toThrow(/held by another running sandbox/);
  });

  test('of another program is refused and left alone', async () => {
    const stateFile = newFile();
    const other = new DatabaseSync(stateFile);
    other.exec('CREATE TABLE ledger (id INTEGER)');
    other.close();
    await expect(startSandbox({ stateFile })).rejects.toThrow(/is no state file of the Stripe sandbox/);
    const again = new DatabaseSync(stateFile);
    expect(again.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'ledger' }]);
    again.close();
  });

  test('of a newer sandbox is refused', async () => {
    const stateFile = newFile();
    await (await startSandbox({ stateFile })).close();
    const file = new DatabaseSync(stateFile);
    file.exec('PRAGMA user_version = 99');
    file.close();
    await expect(startSandbox({ stateFile })).rejects.toThrow(/written by a newer sandbox/);
  });
});

describe('closing', () => {
  test('ends a webhook that is under way and leaves it pending', async () => {
    const stateFile = newFile();
    const { sandbox, stripe, shop } = await startGround({ stateFile, automatic: true });
    shop.answer('silence');
    sandbox.pay((await createSession(stripe)).id);
    while (shop.received.length < 4) await new Promise((resolve) => setImmediate(resolve));
    await sandbox.close();
    shop.answer(200);
    const second = await startSandbox({ stateFile, automatic: false, webhookEndpoints: [{ url: shop.url, secret: SECRET }] });
    await second.deliverDue();
    expect(shop.received).toHaveLength(8);
  });

  test('twice is once', async () => {
    const sandbox = await startSandbox();
    await Promise.all([sandbox.close(), sandbox.close()]);
    await expect(fetch(`${sandbox.url}/_sandbox`)).rejects.toThrow();
  });
});
