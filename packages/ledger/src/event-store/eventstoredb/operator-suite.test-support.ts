// The suite for a server whose operator deletes streams or hides their events, with the calls that an operator makes. It runs on
// the double, and on a real server where there is one.
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Alert } from '../../alerts.ts';
import { copyLedger } from '../../audit/copy/copy.ts';
import { readerOf } from '../../audit/log/log-reader.ts';
import type { Finding } from '../../audit/verify/finding.ts';
import { verifyLog } from '../../audit/verify/verify.ts';
import { createPaymentLedger } from '../../ledger.ts';
import type { MembershipChange, PaymentLedger } from '../../payment-ledger.ts';
import { type Runtime, systemRuntime } from '../../runtime.ts';
import type { EventStore, StoredEvent } from '../event-store.ts';
import { openMemoryEventStore } from '../memory.ts';
import { appendAll, newEvents, pagesOf } from './events.test-support.ts';
import { type EventStoreDbClient, openEventStoreDbEventStore } from './eventstoredb.ts';

/** What an operator calls. */
export interface OperatorClient extends EventStoreDbClient {
  deleteStream(stream: string, options: object): Promise<unknown>;
  tombstoneStream(stream: string, options: object): Promise<unknown>;
  setStreamMetadata(stream: string, metadata: object, options: object): Promise<unknown>;
}

export interface OperatedServer {
  readonly name: string;
  readonly url: () => string;
  readonly connect: (url: string) => OperatorClient;
}

const asAdministrator = { credentials: { username: 'admin', password: 'changeit' } };
const by = { actor: 'support-1', reason: 'brought over' };

export function operatorSuite({ name, url, connect }: OperatedServer): void {
  const opened = async (runtime: Partial<Runtime> = {}): Promise<EventStore> => {
    const store = await openEventStoreDbEventStore(connect(url()), {
      quietMs: 50,
      runtime: { ...systemRuntime, patience: 50, ...runtime },
    });
    onTestFinished(() => store.close());
    return store;
  };
  const operator = (): OperatorClient => {
    const client = connect(url());
    onTestFinished(() => client.dispose());
    return client;
  };
  const openLedger = async () => {
    const [alerts, delivered]: [Alert[], MembershipChange[]] = [[], []];
    const options = { deliver: async (change: MembershipChange) => void delivered.push(change), readModels: ':memory:', background: false };
    const ledger = createPaymentLedger({ ...options, eventStore: await opened(), onAlert: (alert) => void alerts.push(alert) });
    onTestFinished(() => ledger[Symbol.asyncDispose]());
    return { ledger, alerts, delivered };
  };
  const findings = async (stream: string): Promise<readonly Finding[]> => {
    const verified = await verifyLog(readerOf(await opened()));
    expect(verified.orders).toBeGreaterThan(0);
    return verified.findings.filter((finding) => finding.stream === stream);
  };
  const grantsOf = async (orderId: string): Promise<readonly StoredEvent[]> =>
    (await pagesOf(await opened(), { prefixes: [`order-${orderId}`] }))
      .flatMap(({ events }) => events)
      .filter(({ type }) => type === 'MembershipGranted');

  describe(`a stream that was deleted for ever on ${name}`, () => {
    test('is passed over where it is none of ours', async () => {
      const [store, foreign, stream] = [await opened(), `other-${crypto.randomUUID()}`, `noted-${crypto.randomUUID()}`];
      await operator().tombstoneStream(foreign, asAdministrator);
      await appendAll(store, stream, -1, 2);
      const pages = await pagesOf(store);
      expect(pages.flatMap(({ events }) => events).filter((event) => event.stream === stream)).toHaveLength(2);
      expect(pages.flatMap(({ deleted = [] }) => deleted.map((each) => each.stream))).toContain(foreign);
      const { ledger, alerts } = await openLedger();
      await bought(ledger);
      await ledger.settle();
      expect(alerts.filter(({ kind, message }) => kind === 'stream_deleted' && message.includes(foreign))).toEqual([]);
      expect(await findings(foreign)).toEqual([]);
    });

    test('stops one order: all others go on, one alert and `verify` tell of it, and a copy brings it back', async () => {
      const { ledger, alerts, delivered } = await openLedger();
      const [lost, kept] = [await bought(ledger), await bought(ledger)];
      await ledger.settle();
      await operator().tombstoneStream(`order-${lost}`, asAdministrator);
      const later = await bought(ledger);
      await ledger.settle();
      await ledger.settle();
      const told = alerts.filter(({ kind, orderId }) => kind === 'stream_deleted' && orderId === lost);
      expect(told).toEqual([
        { kind: 'stream_deleted', orderId: lost, message: expect.stringContaining('nothing brings it back; everything else goes on') },
      ]);
      expect(alerts.filter(({ kind }) => kind === 'read_models_stuck')).toEqual([]);
      expect(delivered.map(({ membershipId }) => membershipId).sort()).toEqual([lost, kept, later].sort());
      await expect(ledger.order(lost)).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringContaining('deleted on the server for ever'),
      });
      await expect(ledger.importOrder(order(lost), money(lost), by)).rejects.toMatchObject({ code: 'corrupt' });

      const another = await openLedger(); // It reads the log from its start.
      await another.ledger.settle();
      expect(await another.ledger.memberships(`member-${later}`)).toMatchObject({ items: [{ membershipId: later, status: 'active' }] });
      expect(another.alerts.filter(({ orderId }) => orderId === lost)).toMatchObject([{ kind: 'stream_deleted' }]);

      const [finding] = await findings(`order-${lost}`);
      expect(finding).toMatchObject({
        rule: 'readable',
        found: expect.stringMatching(/^a deletion for ever, at position \d+; [345] of its events are/),
      });
      expect(await findings(`order-${kept}`)).toEqual([]);

      const copy = openMemoryEventStore();
      expect(await copyLedger(readerOf(await opened()), copy)).toMatchObject({ outcome: 'copied' });
      await using onCopy = createPaymentLedger({ eventStore: copy, readModels: ':memory:', background: false });
      expect(await onCopy.order(lost)).toMatchObject({ membership: 'active', sequence: 1 });
    });
  });

  describe(`events that the metadata of a stream hides on ${name}`, () => {
    const hide = {
      'a soft deletion': (client: OperatorClient, stream: string) => client.deleteStream(stream, asAdministrator),
      $maxCount: (client: OperatorClient, stream: string) => client.setStreamMetadata(stream, { maxCount: 1 }, asAdministrator),
      $maxAge: (client: OperatorClient, stream: string) => client.setStreamMetadata(stream, { maxAge: 1 }, asAdministrator),
      $tb: (client: OperatorClient, stream: string) => client.setStreamMetadata(stream, { truncateBefore: 2 }, asAdministrator),
    };

    test.each(Object.entries(hide))('%s is found by `verify`, and clearing the metadata heals the order', async (_, hideEvents) => {
      const { ledger } = await openLedger();
      const orderId = await bought(ledger);
      await ledger.settle();
      const client = operator();
      await hideEvents(client, `order-${orderId}`);
      expect(await findings(`order-${orderId}`)).toMatchObject([
        {
          rule: 'readable',
          found: expect.stringMatching(/^events hidden by .*; [345] of its events are still in the log\. Stop scavenges/),
        },
      ]);
      await client.setStreamMetadata(`order-${orderId}`, {}, asAdministrator);
      expect(await findings(`order-${orderId}`)).toEqual([]);
      const { ledger: another } = await openLedger();
      expect(await another.order(orderId)).toMatchObject({ membership: 'active', delivered: 1 });
    });

    test.each(Object.entries(hide))('after %s nothing is begun anew: no second grant is written', async (_, hideEvents) => {
      const { ledger } = await openLedger();
      const orderId = await bought(ledger);
      await hideEvents(operator(), `order-${orderId}`);
      if (hideEvents === hide.$maxAge)
        await expect.poll(async () => refusal(`order-${orderId}`, await opened())).toContain('its events are');
      const { ledger: another } = await openLedger();
      await expect(another.order(orderId)).rejects.toMatchObject({ code: 'corrupt' }); // Read as empty, it would be no order.
      for (let n = 0; n < 2; n++) {
        await expect(another.importOrder(order(orderId), money(orderId), by)).rejects.toMatchObject({
          code: 'corrupt',
          message: expect.stringContaining("clear the stream's metadata"),
        });
      }
      expect(await grantsOf(orderId)).toHaveLength(1);
    });

    test('a conflict that no read explains is told at once, and not taken for other writers', async () => {
      const [{ ledger }, { ledger: another }] = [await openLedger(), await openLedger()];
      const orderId = await bought(ledger);
      await another.observePayment(refunded(orderId)); // Now `ledger` is behind.
      await operator().setStreamMetadata(`order-${orderId}`, { truncateBefore: 1_000 }, asAdministrator);
      await expect(ledger.observePayment({ ...refunded(orderId), source: 'poll' })).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringContaining('a read shows nothing after revision'),
      });
    });

    test.each(['deleteStream', 'tombstoneStream'] as const)(
      'where the last event that a process knows is among them (%s), it goes on',
      async (how) => {
        let skippedMs = 0;
        const store = await opened({ monotonicNowMs: () => systemRuntime.monotonicNowMs() + skippedMs });
        const [stream, another] = [`noted-${crypto.randomUUID()}`, `noted-${crypto.randomUUID()}`];
        await appendAll(store, stream, -1, 2);
        await operator()[how](stream, asAdministrator);
        skippedMs = 60_000; // Now the store looks for the event that it knows.
        await appendAll(store, another, -1, 1);
      },
    );

    test('an append to a stream that was deleted softly is refused, and nothing is written', async () => {
      const [store, stream] = [await opened(), `noted-${crypto.randomUUID()}`];
      await appendAll(store, stream, -1, 2);
      await operator().deleteStream(stream, asAdministrator);
      await expect(store.append(stream, -1, newEvents(1))).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringMatching(/hidden by a deletion\. Nothing was written/),
      });
      expect((await pagesOf(store, { prefixes: [stream] })).flatMap(({ events }) => events)).toHaveLength(2);
    });
  });
}

/** Why a stream cannot be read. Before the first: only a part of it is hidden yet. */
async function refusal(stream: string, store: EventStore): Promise<string> {
  return store.readStream(stream).then(String, String);
}

const terms = { plan: 'pro', amountMinor: 4_900, currency: 'usd', account: 'acct_1', livemode: false };
const order = (orderId: string) => ({ ...terms, orderId, memberId: `member-${orderId}`, placedAt: '2026-01-01T00:00:00.000Z' });
const payment = (orderId: string) => ({ provider: 'stripe', account: 'acct_1', livemode: false, id: `pi_${orderId}` }) as const;
const money = (orderId: string) => ({
  payment: payment(orderId),
  fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } } as const,
  asOf: '2026-01-01T00:01:00.000Z',
  evidence: { objectId: `pi_${orderId}` },
});
const refunded = (orderId: string) =>
  ({
    source: 'webhook',
    payment: payment(orderId),
    fact: { kind: 'refund', id: `re_${orderId}`, status: 'succeeded', amountMinor: 4_900 },
    asOf: '2026-01-01T00:02:00.000Z',
    evidence: { objectId: `re_${orderId}` },
  }) as const;

/** Places a new order, and pays it. Returns its id. */
export async function bought(ledger: PaymentLedger): Promise<string> {
  const orderId = crypto.randomUUID();
  await ledger.placeOrder({ ...terms, orderId, memberId: `member-${orderId}` });
  await ledger.observePayment({ ...money(orderId), source: 'webhook', orderId });
  return orderId;
}
