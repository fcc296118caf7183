// What people do with an order, over a real socket: against a ledger in memory, the adapter and the sandbox.
import { describe, expect, test } from 'vitest';
import { type ConsoleWorld, openConsole, orderWithReview, startOrder } from '../console.test-support.ts';

const home = '/admin/payments';
const reason = 'ticket 4711';
const other = { actor: 'support-8', reason: 'ticket 4712' };

const revisionOf = async ({ ledger }: ConsoleWorld, orderId: string): Promise<string> => String((await ledger.order(orderId))?.revision);

/** The event that a page shows a notice of. */
async function did(world: ConsoleWorld, answer: Response, orderId: string): Promise<string | undefined> {
  const position = new URL(answer.headers.get('location') ?? '', `${world.url}${home}/orders/o/x`).searchParams.get('did');
  return (await world.ledger.history(orderId)).find((event) => event.position === position)?.type;
}

async function sentTo(
  world: ConsoleWorld,
  path: string,
  fields: Record<string, string>,
): Promise<{ status: number; text: string; again: boolean }> {
  const answer = await world.send(`${home}/${path}`, fields);
  return { status: answer.status, text: await answer.text(), again: answer.headers.get('location')?.includes('again=1') === true };
}

describe('recheck', () => {
  test('of a paid order whose webhook was lost: Stripe is asked, and the membership is there', async () => {
    const world = await openConsole();
    const { pay } = await startOrder(world, 'o-1');
    await pay();
    const answer = await world.send(`${home}/orders/o-1/recheck`, {});
    expect(answer.status).toBe(303);
    expect(new URL(answer.headers.get('location') ?? '', `${world.url}${home}/orders/o-1/recheck`).pathname).toBe(`${home}/orders/o-1`);
    expect(await did(world, answer, 'o-1')).toBe('StripeRechecked');
    expect(await world.ledger.order('o-1')).toMatchObject({ payment: 'paid', membership: 'active' });
    const rechecked = (await world.ledger.history('o-1')).find(({ type }) => type === 'StripeRechecked');
    expect(rechecked?.data).toMatchObject({ by: { actor: 'support-7' } });
  });

  test('of an order that nobody paid grants nothing, by whatever words it is asked', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    await world.send(`${home}/orders/o-1/recheck?paid=true`, { status: 'paid', paid: 'true', membership: 'active' });
    expect(await world.ledger.order('o-1')).toMatchObject({ payment: 'none', membership: 'none' });
  });

  test('while Stripe does not answer says so, and nothing is recorded', async () => {
    const world = await openConsole();
    const { pay } = await startOrder(world, 'o-1');
    await pay();
    const history = await world.ledger.history('o-1');
    await world.sandbox.close();
    const asPage = await sentTo(world, 'orders/o-1/recheck', {});
    expect([asPage.status, asPage.text]).toEqual([503, expect.stringContaining('Stripe did not answer; nothing was recorded')]);
    const asJson = await world.ask(`${home}/orders/o-1/recheck`, { method: 'POST' });
    expect([asJson.status, await asJson.json()]).toEqual([503, { error: 'provider_unavailable' }]);
    expect(await world.ledger.history('o-1')).toEqual(history);
  });

  test('of an id that was not found leads to its order, or says that Stripe has none', async () => {
    const world = await openConsole();
    const { sessionId, pay } = await startOrder(world, 'o-1');
    await pay();
    const answer = await world.send(`${home}/recheck`, { id: sessionId });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, expect.stringMatching(/^\.\/orders\/o-1\?did=\d+$/)]);
    for (const id of ['pi_unknown', 'no such id', '<script>']) {
      const unknown = await sentTo(world, 'recheck', { id });
      expect([id, unknown.status]).toEqual([id, 404]);
      expect(unknown.text).not.toContain('<script>');
    }
    expect((await sentTo(world, 'recheck', { id: '' })).status).toBe(422);
  });
});

describe('deliver again', () => {
  test('a shop that failed is called again, signed by who asked; a second press says that it was done', async () => {
    let broken = true;
    const world = await openConsole({
      deliver: async () => {
        if (broken) throw new Error('the shop is down');
      },
    });
    const { pay } = await startOrder(world, 'o-1');
    await pay();
    await world.payments.recheck('o-1');
    await expect.poll(async () => (await world.ledger.history('o-1')).some(({ type }) => type === 'DeliveryFailed')).toBe(true);
    const fields = { reason, seenRevision: await revisionOf(world, 'o-1') };
    const failed = await world.send(`${home}/orders/o-1/redeliver`, fields);
    expect([failed.status, await did(world, failed, 'o-1')]).toEqual([303, 'DeliveryTakenOver']);
    broken = false;
    // A failed attempt is no news: the form of the same page still counts.
    const saved = await world.send(`${home}/orders/o-1/redeliver`, fields);
    expect([saved.status, await did(world, saved, 'o-1')]).toEqual([303, 'DeliveryTakenOver']);
    expect(await sentTo(world, 'orders/o-1/redeliver', fields)).toMatchObject({ status: 303, again: true });
    const takenOver = (await world.ledger.history('o-1')).findLast(({ type }) => type === 'DeliveryTakenOver');
    expect(takenOver?.data).toMatchObject({ by: { actor: 'support-7', reason } });
  });
});

describe('a review', () => {
  test('is resolved by a person, who says why; a second press says that it was done', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const fields = { resolution: 'grant', seenRevision: await revisionOf(world, 'o-1'), reason };
    const answer = await world.send(`${home}/orders/o-1/reviews/r1`, fields);
    expect([answer.status, await did(world, answer, 'o-1')]).toEqual([303, 'ReviewResolved']);
    expect(await world.ledger.order('o-1')).toMatchObject({ membership: 'active', openReviews: [] });
    const history = await world.ledger.history('o-1');
    expect((await world.send(`${home}/orders/o-1/reviews/r1`, fields)).status).toBe(303);
    expect((await world.ledger.history('o-1')).filter(({ type }) => type === 'ReviewResolved')).toHaveLength(1);
    expect(history.find(({ type }) => type === 'ReviewResolved')?.data).toMatchObject({
      resolution: 'grant',
      by: { actor: 'support-7', reason },
    });
  });

  test('that two people have open: the second reads that nothing was done, what the first did, and finds his words kept', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const seenRevision = await revisionOf(world, 'o-1');
    await world.ledger.resolveReview('o-1', 'r1', { resolution: 'revoke', seenRevision: Number(seenRevision) }, other);
    const before = await world.ledger.history('o-1');
    const stale = await sentTo(world, 'orders/o-1/reviews/r1', { resolution: 'grant', seenRevision, reason: 'discount <b>promised</b>' });
    expect(stale.status).toBe(409);
    expect(stale.text).toContain('Nothing was done: the order has changed');
    expect(stale.text).toContain('ticket 4712');
    expect(stale.text).toContain('discount &#60;b&#62;promised&#60;/b&#62;');
    expect(stale.text).not.toContain('Send anyway');
    expect(await world.ledger.history('o-1')).toEqual(before);
    const asJson = await world.ask(`${home}/orders/o-1/reviews/r1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resolution: 'grant', seenRevision: Number(seenRevision), reason }),
    });
    expect([asJson.status, await asJson.json()]).toEqual([409, { error: 'stale', orderId: 'o-1', revision: before.length - 1 }]);
  });

  test('on an order with another payment since: the form comes back with what is new, and may be sent anyway', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const seenRevision = await revisionOf(world, 'o-1');
    const order = await world.ledger.order('o-1');
    await world.ledger.observePayment({
      source: 'webhook',
      payment: { provider: 'stripe', account: order?.account ?? '', livemode: false, id: 'pi_second' },
      orderId: 'o-1',
      fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } },
      asOf: '2026-01-02T00:00:00.000Z',
      evidence: { objectId: 'pi_second' },
    });
    const stale = await sentTo(world, 'orders/o-1/reviews/r1', { resolution: 'dismiss', seenRevision, reason });
    expect([stale.status, stale.text]).toEqual([409, expect.stringContaining('Send anyway')]);
    expect(stale.text).toContain('pi_second');
    const revision = /name="seenRevision" value="(\d+)"/.exec(stale.text)?.[1] ?? '';
    expect((await sentTo(world, 'orders/o-1/reviews/r1', { resolution: 'dismiss', seenRevision: revision, reason })).status).toBe(303);
  });

  // biome-ignore format: a table
  test.each([
    [{ resolution: 'grant', reason }, 400, 'seenRevision'],
    [{ resolution: 'grant', seenRevision: 'now', reason }, 400, 'seenRevision'],
    [{ resolution: 'grant', seenRevision: '', reason }, 400, 'seenRevision'],
    [{ resolution: 'grant', seenRevision: '3' }, 422, 'This is needed'],
    [{ resolution: 'grant', seenRevision: '3', reason: '  ' }, 422, 'This is needed'],
    [{ resolution: 'pay', seenRevision: '3', reason }, 422, 'Choice'],
    [{ resolution: 'grant', seenRevision: '3', reason: 'x'.repeat(501) }, 422, 'At most 500'],
    [{ resolution: 'grant', seenRevision: '3', reason: 'line\nbreak' }, 422, 'One line'],
    [{ resolution: 'grant', seenRevision: '3', reason: 'called ann.lee@shop.example' }, 422, 'Keep it anyway'],
  ])('is not resolved by half a form: %o', async (fields, status, named) => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const before = await world.ledger.history('o-1');
    const answer = await sentTo(world, 'orders/o-1/reviews/r1', fields as Record<string, string>);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(named)]);
    expect(await world.ledger.history('o-1')).toEqual(before);
  });

  test('is resolved with an address in the reason, where the person keeps it', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const seenRevision = await revisionOf(world, 'o-1');
    const fields = { resolution: 'dismiss', seenRevision, reason: 'ann@shop.example', keepReason: '1' };
    expect((await sentTo(world, 'orders/o-1/reviews/r1', fields)).status).toBe(303);
  });
});

describe('a payment by hand', () => {
  const paidAt = '2026-01-02T09:30';
  const manual = { paymentId: 'manual:7c1f', amount: '49.00', currency: 'usd', paidAt, timeZone: 'Asia/Taipei', reason };

  test('grants, and a second press is the same payment', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    const fields = { ...manual, seenRevision: await revisionOf(world, 'o-1') };
    const first = await world.send(`${home}/orders/o-1/observe`, fields);
    expect([first.status, await did(world, first, 'o-1')]).toEqual([303, 'PaymentObserved']);
    const observed = (await world.ledger.history('o-1')).find(({ type }) => type === 'PaymentObserved');
    expect(observed?.data).toMatchObject({ asOf: '2026-01-02T01:30:00.000Z', by: { actor: 'support-7', reason } });
    expect(await world.ledger.order('o-1')).toMatchObject({ membership: 'active' });
    expect(await sentTo(world, 'orders/o-1/observe', { ...fields, seenRevision: await revisionOf(world, 'o-1') })).toMatchObject({
      status: 303,
      again: true,
    });
    expect((await world.ledger.history('o-1')).filter(({ type }) => type === 'PaymentObserved')).toHaveLength(1);
  });

  // biome-ignore format: a table
  test.each([
    ['amount', '2,900'], ['amount', '2900.5'], ['amount', '1e3'], ['amount', '-49.00'], ['amount', '49.000'], ['amount', ''],
    ['amount', '٤٩'], ['amount', '49.00 USD'], ['paymentId', 'ch_1'], ['paymentId', 'pi 1'], ['paymentId', 'manual:'],
    ['paidAt', 'yesterday'], ['paidAt', '2999-01-01T00:00'], ['paidAt', '2026-02-30T00:00'], ['currency', 'dollars'], ['timeZone', 'Mars/Base'],
  ])('with %s "%s" comes back with what was typed, says which form, and records nothing', async (name, value) => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    const before = await world.ledger.history('o-1');
    const answer = await sentTo(world, 'orders/o-1/observe', { ...manual, seenRevision: await revisionOf(world, 'o-1'), [name]: value });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('Record a payment by hand');
    expect(answer.text).toContain('ticket 4711');
    if (value !== '') expect(answer.text).toContain(`value="${value}"`);
    expect(await world.ledger.history('o-1')).toEqual(before);
  });

  test('of an amount in a currency without decimals is whole', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1', { currency: 'jpy' });
    const fields = { ...manual, currency: 'jpy', seenRevision: await revisionOf(world, 'o-1') };
    expect((await sentTo(world, 'orders/o-1/observe', fields)).status).toBe(422);
    expect((await sentTo(world, 'orders/o-1/observe', { ...fields, amount: '4900' })).status).toBe(303);
    expect(await world.ledger.order('o-1')).toMatchObject({ membership: 'active' });
  });
});

describe('moving, linking, withdrawing', () => {
  test('a payment that gave access stays; one that did not moves, seen from both orders', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    await startOrder(world, 'o-2', { amountMinor: 100 });
    const fields = async () => ({
      payment: 'pi_of_o-1',
      to: 'o-2',
      reason,
      seenRevision: await revisionOf(world, 'o-1'),
      toRevision: await revisionOf(world, 'o-2'),
    });
    expect((await sentTo(world, 'orders/o-1/move', { ...(await fields()), to: 'nobody' })).status).toBe(422);
    expect((await sentTo(world, 'orders/o-1/move', { ...(await fields()), toRevision: '' })).status).toBe(400);
    const answer = await world.send(`${home}/orders/o-1/move`, await fields());
    expect([answer.status, await did(world, answer, 'o-1')]).toEqual([303, 'PaymentMoved']);
    expect(await world.ledger.order('o-2')).toMatchObject({ membership: 'active' });
    const back = await sentTo(world, 'orders/o-2/move', {
      ...(await fields()),
      to: 'o-1',
      seenRevision: await revisionOf(world, 'o-2'),
      toRevision: await revisionOf(world, 'o-1'),
    });
    expect([back.status, back.text]).toEqual([409, expect.stringContaining('Nothing was done')]);
  });

  test('a held payment is linked to its order, under the account that it came on', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    const order = await world.ledger.order('o-1');
    await world.ledger.observePayment({
      source: 'webhook',
      payment: { provider: 'stripe', account: order?.account ?? '', livemode: false, id: 'pi_held' },
      fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } },
      asOf: '2026-01-02T00:00:00.000Z',
      evidence: { objectId: 'pi_held' },
    });
    const fields = { payment: 'pi_held', reason, seenRevision: await revisionOf(world, 'o-1') };
    const answer = await world.send(`${home}/orders/o-1/link`, fields);
    expect([answer.status, await did(world, answer, 'o-1')]).toEqual([303, 'CheckoutAttached']);
    expect(await world.ledger.order('o-1')).toMatchObject({ membership: 'active' });
    await startOrder(world, 'o-2');
    const taken = await sentTo(world, 'orders/o-2/link', { ...fields, seenRevision: await revisionOf(world, 'o-2') });
    expect([taken.status, taken.text]).toEqual([409, expect.stringContaining('o-1')]);
  });

  test('the list of held payments leads to the page of the order that it names', async () => {
    const world = await openConsole();
    const answer = await world.ask(`${home}/queues/held/link?payment=${encodeURIComponent(' pi_held ')}&to=o-1`, { redirect: 'manual' });
    const { pathname, search } = new URL(answer.headers.get('location') ?? '', `${world.url}${home}/queues/held/link`);
    expect([answer.status, pathname + search]).toEqual([303, `${home}/orders/o-1/link?payment=pi_held`]);
  });

  test('a payment of another order is neither stated nor moved from here, whatever its revision', async () => {
    const world = await openConsole();
    const [first, second] = [await startOrder(world, 'o-1'), await startOrder(world, 'o-2')];
    await second.pay();
    await world.payments.recheck('o-2');
    await first.pay();
    await world.payments.recheck('o-1');
    const owned = (await world.ledger.history('o-2')).flatMap(({ type, data }) =>
      type === 'PaymentObserved' ? [(data as { payment: { id: string } }).payment.id] : [],
    );
    const [payment = ''] = owned.filter((id) => id.startsWith('pi_'));
    await startOrder(world, 'o-3');
    const before = await world.ledger.history('o-2');
    const seenRevision = await revisionOf(world, 'o-1');
    const observed = {
      paymentId: payment,
      amount: '49.00',
      currency: 'usd',
      paidAt: '2026-01-02T00:00',
      timeZone: 'UTC',
      reason,
      seenRevision,
    };
    const stated = await sentTo(world, 'orders/o-1/observe', observed);
    expect([stated.status, stated.text]).toEqual([422, expect.stringContaining('The payment belongs to order o-2')]);
    const moved = await sentTo(world, 'orders/o-1/move', {
      payment,
      to: 'o-3',
      toRevision: await revisionOf(world, 'o-3'),
      reason,
      seenRevision,
    });
    expect([moved.status, moved.text]).toEqual([409, expect.stringContaining('The payment belongs to order o-2')]);
    const page = await world.ask(`${home}/orders/o-1/move?payment=${payment}&to=o-3`);
    expect(page.status).toBe(409);
    expect(await world.ledger.history('o-2')).toEqual(before);
  });

  test('an order is withdrawn once, and never after it was granted', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    const fields = { reason, seenRevision: await revisionOf(world, 'o-1') };
    const answer = await world.send(`${home}/orders/o-1/withdraw`, fields);
    expect([answer.status, await did(world, answer, 'o-1')]).toEqual([303, 'OrderWithdrawn']);
    expect(await sentTo(world, 'orders/o-1/withdraw', { ...fields, seenRevision: await revisionOf(world, 'o-1') })).toMatchObject({
      status: 303,
      again: true,
    });
    const { pay } = await startOrder(world, 'o-2');
    await pay();
    await world.payments.recheck('o-2');
    const refused = await sentTo(world, 'orders/o-2/withdraw', { reason, seenRevision: await revisionOf(world, 'o-2') });
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('cannot be withdrawn')]);
  });

  test('a process that does not deliver says that another one does', async () => {
    const world = await openConsole({ delivers: false });
    await startOrder(world, 'o-1');
    const answer = await sentTo(world, 'orders/o-1/redeliver', { reason, seenRevision: await revisionOf(world, 'o-1') });
    expect([answer.status, answer.text]).toEqual([409, expect.stringContaining('does not deliver')]);
  });
});
