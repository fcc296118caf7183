// Law 3, once per payment: real transactions of several processes on one log, and a scheduler between them and
// the store that decides which of their calls comes next.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as property } from '@fast-check/vitest';
import * as fc from 'fast-check';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { defined } from './defined.ts';
import type { AppendResult, EventStore, StreamAppend } from './event-store/event-store.ts';
import { startDouble } from './event-store/eventstoredb/double-store.test-support.ts';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { openEventStore } from './event-store/store-url.ts';
import { openFaultyStore, withoutAppendAll } from './faulty-store.test-support.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import type { Fact } from './observation.ts';
import { attempt, paid, payment, paymentObserved, refund } from './order/example-order.test-support.ts';
import {
  checkHandedOn,
  checkOwnership,
  everything,
  type Ownership,
  observationKey,
  openPaymentProcess,
  type PaymentProcess,
  toObservation,
} from './payment-process.test-support.ts';
import { testRuntime } from './test-runtime.test-support.ts';
import { runs } from './testing/runs.ts';

type Action =
  | {
      readonly does: 'observe';
      readonly of: string;
      readonly aliases: readonly string[];
      readonly fact: Fact;
      readonly orderId: string | undefined;
      readonly source: 'webhook' | 'poll';
    }
  | { readonly does: 'attach'; readonly orderId: string; readonly session: string }
  | { readonly does: 'place'; readonly orderId: string };

const orderIds = ['order-1', 'order-2'];
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('observe'),
      of: fc.constantFrom('pi_1', 'pi_1', 'pi_2', 'cs_1'),
      aliases: fc.subarray(['cs_1', 'cs_2']),
      fact: fc.constantFrom(paid(), paid(), refund(1_000), attempt('processing')),
      orderId: fc.constantFrom(undefined, undefined, ...orderIds),
      source: fc.constantFrom('webhook', 'poll'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('attach'), orderId: fc.constantFrom(...orderIds), session: fc.constantFrom('cs_1', 'cs_2') }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('place'), orderId: fc.constantFrom(...orderIds) }) },
);

/** What was acknowledged, and to whom. */
interface Acknowledged {
  readonly key: string;
  readonly payment: string;
  readonly orderId: string | undefined;
}

async function act(process: PaymentProcess, action: Action, acknowledged: Acknowledged[]): Promise<void> {
  if (action.does === 'place') return process.place(action.orderId);
  if (action.does === 'attach') {
    await process.attach(action.orderId, payment(action.session));
    return;
  }
  const { of, fact, aliases, source, orderId } = action;
  const observed = paymentObserved(fact, { of: payment(of), aliases, source, ...defined({ orderId }) });
  const answer = await process.writer.observe(toObservation(observed));
  acknowledged.push({ key: observationKey(observed), payment: of, orderId: 'orderId' in answer ? answer.orderId : undefined });
}

/** Law 8 beside law 3: what was acknowledged as recorded stands in the owner's stream, what as held is held or there. */
function checkAcknowledged({ owners, held, recorded }: Ownership, acknowledged: readonly Acknowledged[]): void {
  for (const { key, payment: id, orderId } of acknowledged) {
    if (orderId !== undefined) {
      expect(owners.get(id)).toBe(orderId);
      expect([...(recorded.get(orderId) ?? [])]).toContain(key);
    } else expect(held.some(({ reference, observed }) => reference === id && observationKey(observed) === key)).toBe(true);
  }
}

describe('law 3: once per payment', () => {
  const met = new Set<string>();
  afterAll(() =>
    expect([...met].sort()).toEqual([
      'claimed_by_two',
      'conflict',
      'granted',
      'handed on',
      'held for ever',
      'refused attach',
      'two streams in one commit',
    ]),
  );

  const anyRace = fc.array(fc.array(anyAction, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 3 });
  property.prop([anyRace, fc.scheduler(), fc.boolean()], {
    ...runs(1_000),
  })('whoever races whom, at whatever step: one owner, and nothing held is lost', async (actionsOf, scheduler, together) => {
    const log = createMemoryLog();
    const acknowledged: Acknowledged[] = [];
    const turn = () => scheduler.schedule(Promise.resolve());
    const engines = actionsOf.map(() => openMemoryEventStore({ log }));
    const stores = engines.map((engine) => openFaultyStore(together ? engine : withoutAppendAll(engine), { before: turn, after: turn }));
    const racing = actionsOf.map(async (actions, index) => {
      const process = openPaymentProcess(stores[index]!, instantRuntime(`p${index}`));
      for (const action of actions) await act(process, action, acknowledged);
    });
    await scheduler.waitFor(Promise.all(racing));

    const store = openMemoryEventStore({ log });
    checkAcknowledged(checkOwnership(await everything(store)), acknowledged);
    const last = openPaymentProcess(store, instantRuntime('last'));
    await last.rollForward();
    const events = await everything(store);
    const ownership = checkOwnership(events);
    checkHandedOn(ownership);

    const calls = stores.flatMap((each) => each.calls);
    const proposed = calls.flatMap(({ types }) => types).length;
    if (proposed + 10 < events.length) throw new Error('more was written than was appended'); // Ten by the last process.
    if (proposed > events.length) met.add('conflict');
    if (calls.some(({ method }) => method === 'appendAll')) met.add('two streams in one commit');
    for (const { type, data } of events) {
      if (type === 'MembershipGranted') met.add('granted');
      if (type === 'ReviewOpened' && 'kind' in data && data.kind === 'claimed_by_two') met.add('claimed_by_two');
    }
    for (const { reference } of ownership.held) met.add(ownership.owners.has(reference) ? 'handed on' : 'held for ever');
    for (const action of actionsOf.flat()) {
      if (action.does === 'attach' && (ownership.owners.get(action.session) ?? '') !== action.orderId) met.add('refused attach');
    }
  });
});

async function newFile(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-ownership-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return `sqlite:${join(folder, 'ledger.db')}`;
}
const newServer = async (): Promise<string> => (await startDouble()).url;

describe.each([
  ['a SQLite file', newFile],
  ['an EventStoreDB, the double', newServer],
])('law 3 on %s', (_, newUrl) => {
  test('three processes name three orders for one payment, a hundred times over', async () => {
    const url = await newUrl();
    const stores: EventStore[] = [];
    for (let index = 0; index < 3; index++) {
      const store = await openEventStore(url);
      onTestFinished(() => store.close());
      stores.push(store);
    }
    let conflicts = 0;
    const appendedAll = async (store: EventStore, appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> => {
      const results = (await store.appendAll?.(appends)) ?? [];
      if (!results.every(({ appended }) => appended)) conflicts += 1;
      return results;
    };
    const counted = (store: EventStore): EventStore => ({
      ...(store.appendAll && { appendAll: (appends) => appendedAll(store, appends) }),
      append: async (stream, expectedRevision, events) => {
        const result = await store.append(stream, expectedRevision, events);
        if (!result.appended) conflicts += 1;
        return result;
      },
      readStream: (stream, options) => store.readStream(stream, options),
      readLog: (options) => store.readLog(options),
      close: () => store.close(),
    });
    const processes = stores.map((store) => openPaymentProcess(counted(store), testRuntime));
    const rounds = Array.from({ length: 100 }, (_, round) => round);
    for (const round of rounds) {
      const of = payment(`pi_${round}`);
      const answers = await Promise.all(
        processes.map((process, index) =>
          process.writer.observe(
            toObservation(paymentObserved(paid(), { of, aliases: [`cs_${round}`], orderId: `order-${round}-${index}` })),
          ),
        ),
      );
      const owners = new Set(answers.map((answer) => ('orderId' in answer ? answer.orderId : 'held')));
      expect(owners.size).toBe(1);
    }
    const events = await everything(stores[0]!);
    const ownership = checkOwnership(events);
    expect(ownership.owners.size).toBe(200);
    expect(events.filter(({ type }) => type === 'ReviewOpened')).toHaveLength(100); // The two others named another order.
    expect(conflicts).toBeGreaterThan(100); // They did race: whoever was second met the first one's link.
  });
});
