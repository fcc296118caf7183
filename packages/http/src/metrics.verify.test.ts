import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { Counter, Registry } from 'prom-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { paymentHandlers } from './fetch.ts';
import { mounted, signature, standIns } from './mounted.test-support.ts';

/** `name{labels} value`, of ours and those that are not 0. */
async function scrape(registry: Registry): Promise<readonly string[]> {
  const lines = (await registry.metrics()).split('\n');
  return lines.filter((line) => line.startsWith('paidonce_') && !line.endsWith(' 0'));
}

describe('what came in at the routes is counted by what became of it', () => {
  test('webhooks', async () => {
    const metrics = new Registry();
    const { post, answers } = await mounted({ metrics });
    await post('{}');
    answers.webhook = async () => 'bad_signature';
    await post('{}');
    await post('{}');
    answers.webhook = () => Promise.reject(new Error('told to'));
    await post('{}');
    await post('{}', { headers: { 'content-type': 'text/plain' } }); // No webhook at all.
    expect((await scrape(metrics)).filter((line) => line.startsWith('paidonce_webhooks'))).toEqual([
      'paidonce_webhooks_total{outcome="recorded"} 1',
      'paidonce_webhooks_total{outcome="bad_signature"} 2',
      'paidonce_webhooks_total{outcome="failed"} 1',
    ]);
  });

  test('status queries', async () => {
    const metrics = new Registry();
    const { url, answers } = await mounted({ metrics });
    const ask = (id = 'cs_1') => fetch(`${url}/payment/status/${id}`);
    await ask();
    await ask('%3Cb%3E');
    answers.status = async () => ({ state: 'active', stale: false });
    await ask();
    answers.status = async () => ({ state: 'pending', stale: true });
    await ask();
    answers.status = () => Promise.reject(new Error('told to'));
    await ask();
    expect((await scrape(metrics)).filter((line) => line.startsWith('paidonce_status'))).toEqual([
      'paidonce_status_queries_total{outcome="answered"} 1',
      'paidonce_status_queries_total{outcome="stale"} 1',
      'paidonce_status_queries_total{outcome="unknown"} 2',
      'paidonce_status_queries_total{outcome="failed"} 1',
    ]);
  });

  test('from 0 on, so that a rate is there before the first one', async () => {
    const metrics = new Registry();
    await mounted({ metrics });
    expect(await metrics.metrics()).toContain('paidonce_webhooks_total{outcome="unreadable"} 0');
  });

  test('and from 0 on again after the host resets its registry', async () => {
    const metrics = new Registry();
    const { post } = await mounted({ metrics });
    await post('{}');
    metrics.resetMetrics();
    expect(await metrics.metrics()).toContain('paidonce_webhooks_total{outcome="recorded"} 0');
    await post('{}');
    expect(await metrics.metrics()).toContain('paidonce_webhooks_total{outcome="recorded"} 1');
  });
});

describe('what waits is asked of the ledger at each scrape', () => {
  test('and is 0 again when it waits no more', async () => {
    const metrics = new Registry();
    const ledger = createPaymentLedger({ eventStore: openMemoryEventStore() });
    onTestFinished(() => ledger[Symbol.asyncDispose]());
    await mounted({ metrics, ledger, closeLedger: false });
    const account = { account: 'acct_1', livemode: false };
    await ledger.placeOrder({ orderId: 'o-1', memberId: 'm', plan: 'pro', amountMinor: 900, currency: 'usd', ...account });
    const payment = { provider: 'stripe', id: 'pi_1', ...account };
    await ledger.attachCheckout('o-1', payment);
    await ledger.settle();
    const waiting = async () => (await scrape(metrics)).filter((line) => line.startsWith('paidonce_waiting'));
    expect(await waiting()).toEqual(['paidonce_waiting{queue="awaiting"} 1']);

    const fact = { kind: 'attempt', status: 'paid', amount: { totalMinor: 100, currency: 'usd' } } as const;
    const asOf = '2026-01-01T00:00:00.000Z';
    await ledger.observePayment({ source: 'poll', payment, fact, asOf, evidence: { objectId: 'pi_1' } });
    await ledger.settle();
    expect(await waiting()).toEqual(['paidonce_waiting{queue="reviews"} 1']);

    const { revision = -1 } = (await ledger.order('o-1')) ?? {};
    await ledger.resolveReview('o-1', 'r1', { resolution: 'grant', seenRevision: revision }, { actor: 'support-7', reason: 'gift' });
    await ledger.settle();
    expect(await waiting()).toEqual(['paidonce_waiting{queue="undelivered"} 1']); // Nobody here delivers.
  });

  test('by one question, however many metrics there are', async () => {
    const metrics = new Registry();
    const { ledger } = standIns();
    let questions = 0;
    Object.assign(ledger, {
      backlog: async () => {
        questions += 1;
        return { openOrders: 1, openReviews: 2, undelivered: 3, abandoned: 1, lagMs: 1_500 };
      },
    });
    await mounted({ metrics, ledger });
    expect(await scrape(metrics)).toContain('paidonce_abandoned 1');
    expect(questions).toBe(1);
  });

  test.each([
    ['cannot answer', () => Promise.reject(new Error('told to'))],
    ['never answers', () => new Promise(() => undefined)],
  ])('a ledger that %s leaves gaps, and the host’s own metrics go on', async (_how, backlog) => {
    const metrics = new Registry();
    new Counter({ name: 'shop_sales_total', help: 'of the host', registers: [metrics] }).inc();
    const { ledger } = standIns();
    Object.assign(ledger, { backlog });
    await mounted({ metrics, ledger });
    const text = await metrics.metrics();
    expect(text).toContain('shop_sales_total 1');
    expect(text).not.toMatch(/^paidonce_abandoned /m);
    expect(text).toMatch(/^paidonce_waiting\{queue="held"\} 0$/m);
  });
});

test('what is no registry is refused', async () => {
  await expect(mounted({ metrics: {} as Registry })).rejects.toThrow('metrics must be a Registry of prom-client');
});

describe('several apps and one registry', () => {
  const withAbandoned = (abandoned: number) =>
    Object.assign(standIns().ledger, {
      backlog: async () => ({ openOrders: 0, openReviews: 0, undelivered: abandoned, abandoned, lagMs: 0 }),
    });
  const some = async (metrics: Registry) => (await scrape(metrics)).filter((line) => /^paidonce_(?:webhooks_total|abandoned)/.test(line));

  test('are counted together, and what waits is the sum over their ledgers, each once', async () => {
    const metrics = new Registry();
    const ledger = withAbandoned(1);
    const apps = [
      await mounted({ metrics, ledger }),
      await mounted({ metrics, ledger }),
      await mounted({ metrics, ledger: withAbandoned(10) }),
    ];
    for (const { post } of apps) await post('{}');
    expect(await some(metrics)).toEqual(['paidonce_webhooks_total{outcome="recorded"} 3', 'paidonce_abandoned 11']);
  });

  test('one whose ledger does not answer leaves a gap: a sum without it would be wrong', async () => {
    const metrics = new Registry();
    await mounted({ metrics, ledger: withAbandoned(1) });
    await mounted({ metrics, ledger: Object.assign(withAbandoned(0), { backlog: () => Promise.reject(new Error('told to')) }) });
    expect(await some(metrics)).toEqual([]);
  });

  test('one that closes takes its ledger with it, and the last one the metrics; a new app begins again', async () => {
    const metrics = new Registry();
    new Counter({ name: 'shop_sales_total', help: 'of the host', registers: [metrics] }).inc();
    const first = await mounted({ metrics, ledger: withAbandoned(1) });
    const second = await mounted({ metrics, ledger: withAbandoned(10) });
    await first.post('{}');
    await first.app.close();
    await second.post('{}');
    expect(await some(metrics)).toEqual(['paidonce_webhooks_total{outcome="recorded"} 2', 'paidonce_abandoned 10']);
    await second.app.close();
    expect(await metrics.metrics()).not.toContain('paidonce_');
    expect(await metrics.metrics()).toContain('shop_sales_total 1');
    const third = await mounted({ metrics, ledger: withAbandoned(1) });
    await third.post('{}');
    expect(await scrape(metrics)).toContain('paidonce_webhooks_total{outcome="recorded"} 1');
  });

  test('handlers are counted with the apps, until their payments are disposed', async () => {
    const metrics = new Registry();
    const handlers = (abandoned: number) => {
      const { payments } = standIns();
      return { payments, web: paymentHandlers({ payments, ledger: withAbandoned(abandoned), metrics }) };
    };
    const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
    const webhook = () => new Request('http://shop.example/webhooks/stripe', { method: 'POST', headers, body: '{}' });
    const app = await mounted({ metrics, ledger: withAbandoned(1) });
    const first = handlers(10);
    const second = handlers(100);
    await app.post('{}');
    await first.web.webhook(webhook());
    await second.web.webhook(webhook());
    expect(await some(metrics)).toEqual(['paidonce_webhooks_total{outcome="recorded"} 3', 'paidonce_abandoned 111']);
    await first.payments[Symbol.asyncDispose]();
    await first.payments[Symbol.asyncDispose]();
    expect(await some(metrics)).toContain('paidonce_abandoned 101');
    await app.app.close();
    expect(await some(metrics)).toContain('paidonce_abandoned 100');
    await second.payments[Symbol.asyncDispose]();
    expect(await metrics.metrics()).not.toContain('paidonce_');
    paymentHandlers({ payments: second.payments, metrics });
    expect(await metrics.metrics()).not.toContain('paidonce_');
    await handlers(1).web.webhook(webhook());
    expect(await some(metrics)).toEqual(['paidonce_webhooks_total{outcome="recorded"} 1', 'paidonce_abandoned 1']);
  });

  test('a registry with our names from elsewhere is refused in a sentence, and left as it is', async () => {
    const metrics = new Registry();
    new Counter({ name: 'paidonce_webhooks_total', help: 'of another copy', registers: [metrics] }).inc();
    await expect(mounted({ metrics })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('the registry has paidonce_webhooks_total already'),
    });
    expect((await metrics.getMetricsAsJSON()).map(({ name }) => name)).toEqual(['paidonce_webhooks_total']);
  });

  test('a mount that is refused for another reason leaves nothing in the registry', async () => {
    const metrics = new Registry();
    await expect(mounted({ metrics, bodyLimit: 0 })).rejects.toMatchObject({ code: 'invalid_input' });
    expect(() => paymentHandlers({ payments: standIns().payments, metrics, bodyLimit: 0 })).toThrow('bodyLimit 0');
    expect(await metrics.metrics()).not.toContain('paidonce_');
    await mounted({ metrics });
  });
});
