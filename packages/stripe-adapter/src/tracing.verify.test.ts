// The spans of the adapter, with the SDK of OpenTelemetry as a host registers it. A file that changes a global has a process of its own.
import { InMemorySpanExporter, NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { sweepTiers } from './poll/schedule.ts';
import { openShop } from './shop.test-support.ts';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
afterAll(() => provider.shutdown());
beforeEach(() => exporter.reset());

const spans = (name: string): readonly ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.name === name);

test('a webhook has its event and what became of it, and what it observed is below it', async () => {
  const { checkout, sandbox } = await openShop();
  sandbox.pay(await checkout());
  await sandbox.deliverDue();
  const webhooks = spans('paidonce.webhook');
  expect(webhooks.map(({ attributes }) => attributes)).toContainEqual({
    'paidonce.event.id': expect.stringMatching(/^evt_/),
    'paidonce.outcome': 'recorded',
  });
  const [granted] = spans('paidonce.observe_payment').filter(({ attributes }) => attributes['paidonce.outcome'] === 'granted');
  expect(webhooks.map((span) => span.spanContext().spanId)).toContain(granted?.parentSpanContext?.spanId);
});

test('nothing of a forged webhook, and of an id that is not ours, is in a span', async () => {
  const { payments } = await openShop();
  await payments.handleWebhook(new TextEncoder().encode('{"id":"evt_of_mallory"}'), 't=1,v1=00ff');
  await payments.status('cs_test_unknown');
  expect(spans('paidonce.webhook').map(({ attributes }) => attributes)).toEqual([{ 'paidonce.outcome': 'bad_signature' }]);
  expect(spans('paidonce.status_query').map(({ attributes }) => attributes)).toEqual([{}]);
});

test('a status query of ours has its session, and the state that it was answered', async () => {
  const { payments, checkout } = await openShop();
  const sessionId = await checkout();
  await payments.status(sessionId);
  expect(spans('paidonce.status_query').map(({ attributes }) => attributes)).toEqual([
    { 'paidonce.checkout.id': sessionId, 'paidonce.state': 'pending', 'paidonce.stale': false },
  ]);
});

test('a pass of the poll has what it looked at and found', async () => {
  const { payments, checkout, sandbox } = await openShop();
  sandbox.pay(await checkout());
  const { lookedAt, calls, found, rescued } = await payments.sweep();
  expect(rescued).toBe(1);
  const [pass] = spans('paidonce.poll_pass');
  expect(pass?.attributes).toEqual({
    'paidonce.tiers': sweepTiers.join(' '),
    'paidonce.looked_at': lookedAt,
    'paidonce.calls': calls,
    'paidonce.found': found,
    'paidonce.rescued': rescued,
  });
  const observed = spans('paidonce.observe_payment');
  expect(observed.map((span) => span.parentSpanContext?.spanId)).toContain(pass?.spanContext().spanId);
});
