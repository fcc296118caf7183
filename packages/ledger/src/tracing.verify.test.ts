// Spans, with the SDK of OpenTelemetry as a host registers it. A file that changes a global has a process of its own.
import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { createPaymentLedger } from './ledger.ts';
import { paid, payment } from './order/example-order.test-support.ts';
import { traced } from './tracing.ts';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
afterAll(() => provider.shutdown());
beforeEach(() => exporter.reset());

const spans = (name: string): readonly ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.name === name);
const errorStatus = 2;

describe('a span of work', () => {
  test('has what was known before and what came of it, and what is called has its spans below', async () => {
    await traced('paidonce.webhook', { 'paidonce.event.id': 'evt_1' }, async (note) => {
      await traced('paidonce.observe_payment', {}, async () => undefined);
      note({ 'paidonce.outcome': 'recorded', 'paidonce.order.id': undefined });
    });
    const [outer, inner] = [spans('paidonce.webhook')[0], spans('paidonce.observe_payment')[0]];
    expect(outer?.attributes).toEqual({ 'paidonce.event.id': 'evt_1', 'paidonce.outcome': 'recorded' });
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  });

  test('that throws is an error by its name, without its message, and the error is thrown on', async () => {
    const failing = traced('paidonce.webhook', {}, () => Promise.reject(new TypeError('Ann Smith has no row')));
    await expect(failing).rejects.toThrow('Ann Smith has no row');
    const [span] = spans('paidonce.webhook');
    expect(span?.status).toEqual({ code: errorStatus });
    expect(span?.attributes).toEqual({ 'error.type': 'TypeError' });
    expect(span?.events).toEqual([]);
  });

  test('on its own begins a trace, and links to what set it off', async () => {
    await trace.getTracer('shop').startActiveSpan('checkout', async (cause) => {
      await traced('paidonce.poll_pass', {}, async () => undefined, { isOnItsOwn: true });
      cause.end();
    });
    const [span] = spans('paidonce.poll_pass');
    const [cause] = spans('checkout');
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.spanContext().traceId).not.toBe(cause?.spanContext().traceId);
    expect(span?.links.map((link) => link.context.spanId)).toEqual([cause?.spanContext().spanId]);
    expect(trace.getSpan(context.active())).toBeUndefined();
  });
});

describe('a ledger', () => {
  async function sold(deliver: () => Promise<void>) {
    const ledger = createPaymentLedger({
      eventStore: openMemoryEventStore({ log: createMemoryLog() }),
      deliver,
    });
    const account = { account: 'acct_1', livemode: true };
    await ledger.placeOrder({ orderId: 'o-1', memberId: 'm-1', plan: 'pro', amountMinor: 1_000, currency: 'usd', ...account });
    await ledger.observePayment({
      source: 'webhook',
      payment: payment('pi_1'),
      fact: paid(),
      asOf: new Date().toISOString(),
      evidence: { objectId: 'pi_1', eventId: 'evt_1' },
      orderId: 'o-1',
    });
    await expect.poll(() => spans('paidonce.deliver').length).toBeGreaterThan(0);
    await ledger[Symbol.asyncDispose]();
  }

  test('tells what was observed and delivered, by ids and without the member', async () => {
    await sold(async () => undefined);
    expect(spans('paidonce.observe_payment')[0]?.attributes).toEqual({
      'paidonce.source': 'webhook',
      'paidonce.payment.id': 'pi_1',
      'paidonce.event.id': 'evt_1',
      'paidonce.outcome': 'granted',
      'paidonce.order.id': 'o-1',
    });
    const [deliver] = spans('paidonce.deliver');
    expect(deliver?.attributes).toEqual({ 'paidonce.order.id': 'o-1', 'paidonce.change': 'granted', 'paidonce.sequence': 1 });
    expect(deliver?.parentSpanContext).toBeUndefined(); // It may come hours later. The order's id leads from one to the other.
    expect(JSON.stringify(exporter.getFinishedSpans().map(({ attributes }) => attributes))).not.toContain('m-1');
  });

  test('a delivery that fails is an error by its name', async () => {
    await sold(() => Promise.reject(new RangeError('Ann Smith has no row')));
    const [deliver] = spans('paidonce.deliver');
    expect(deliver?.status).toEqual({ code: errorStatus });
    expect(deliver?.attributes).toMatchObject({ 'error.type': 'RangeError' });
  });

  test('the spans of the shop’s own deliver are below it', async () => {
    await sold(async () => trace.getTracer('shop').startActiveSpan('update memberships', async (span) => span.end()));
    const [own] = spans('update memberships');
    expect(own?.parentSpanContext?.spanId).toBe(spans('paidonce.deliver')[0]?.spanContext().spanId);
  });
});
