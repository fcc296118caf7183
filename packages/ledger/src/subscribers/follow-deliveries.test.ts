// Deliveries of subscriptions that were pending when a process started: the rows of the read models tell them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DecisionFollower } from '../delivery/delivery.ts';
import { type EventStore, logStart, type Position } from '../event-store/event-store.ts';
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { DatabaseSync } from '../event-store/sqlite/node-sqlite.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { Deliverable } from '../order/delivery-state.ts';
import type { PaymentLedger } from '../payment-ledger.ts';
import { systemRuntime } from '../runtime.ts';
import type { SubscriptionChange } from '../subscription/change.ts';
import { day, lifecycle, month, policy1, reference1 } from '../subscription/story.test-support.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { followDeliveries } from './follow-deliveries.ts';

const { type: _, ...policy } = policy1;
const [second, minute] = [1_000, 60_000];
const folder = mkdtempSync(join(tmpdir(), 'paidonce-pending-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

interface Opened {
  readonly ledger: PaymentLedger;
  /** From where it has read the log. */
  readonly readFrom: Position[];
}

/** Processes on one log, one clock and one file of read models, and what each of them brought to the shop. */
function world(readModels: string = join(folder, String(++files))) {
  const [log, clock] = [createMemoryLog(), createVirtualClock()];
  const stored: string[] = [];
  const open = (name: string, differs: { background?: boolean; hangs?: boolean; readsAfter?: number } = {}): Opened => {
    const { background = true, hangs = false, readsAfter = 0 } = differs;
    const readFrom: Position[] = [];
    const store = openMemoryEventStore({ log });
    const watched: EventStore = {
      append: (...asked) => store.append(...asked),
      readStream: (...asked) => store.readStream(...asked),
      readLog: async function* (request = {}) {
        readFrom.push(request.after ?? logStart);
        if (readsAfter > 0) await clock.runtime().sleep(readsAfter);
        yield* store.readLog(request);
      },
      close: () => store.close(),
    };
    const deliver = ({ idempotencyKey, change }: SubscriptionChange) =>
      hangs ? new Promise<void>(() => undefined) : void stored.push(`${name}: ${idempotencyKey} ${change}`);
    const ledger = createPaymentLedger({
      eventStore: watched,
      runtime: clock.runtime(),
      background,
      readModels,
      subscriptions: { policy, deliver },
    });
    return { ledger, readFrom };
  };
  return { clock, stored, open, readModels, store: () => openMemoryEventStore({ log }) };
}

async function member(ledger: PaymentLedger, id = 'sub-1'): Promise<void> {
  const of = { account: 'acct_1', livemode: true };
  await ledger.placeSubscription({ subscriptionId: id, memberId: 'member-1', plan: 'silver', ...of });
  await ledger.observeSubscription({
    source: 'webhook',
    subscription: { ...reference1, id: `${id}_at_provider` },
    subscriptionId: id,
    statements: [month(`in_${id}`, 0, { reason: 'create' }), lifecycle('active')].map((fact) => ({
      fact,
      asOf: day(0),
      evidence: { objectId: 'evt_1' },
    })),
  });
}

/** A process that decides, and ends before the shop has answered. */
async function left({ clock, open }: ReturnType<typeof world>): Promise<void> {
  const { ledger } = open('a', { hangs: true });
  await member(ledger);
  await clock.advance(minute);
  void ledger[Symbol.asyncDispose]();
  await clock.advance(minute);
}

describe('a process that starts', () => {
  test('delivers what another one left, and does not read the log again for it, 30 s after its own start and the wait that the other one began', async () => {
    const here = world();
    await left(here);
    const { ledger, readFrom } = here.open('b');
    await using _ledger = ledger;
    await here.clock.advance(30 * second);
    expect(here.stored).toEqual([]);
    await here.clock.advance(minute);
    expect(here.stored).toEqual(['b: subscription/sub-1:1 granted']);
    expect(await ledger.subscription('sub-1')).toMatchObject({ sequence: 1, delivered: 1 });
    expect(readFrom.length).toBeGreaterThan(0);
    expect(readFrom).not.toContain(logStart);
  });

  test.each([
    ['that are in memory', ':memory:', () => undefined],
    ['of another layout', undefined, (path: string) => execute(path, 'pragma user_version = 1')],
  ])('so too with read models %s', async (_name, path, change) => {
    const here = world(path);
    await left(here);
    change(here.readModels);
    const { ledger } = here.open('b');
    await using _ledger = ledger;
    await here.clock.advance(minute);
    expect(here.stored).toEqual(['b: subscription/sub-1:1 granted']);
  });

  test('tells nothing that the shop has', async () => {
    const here = world();
    await left(here);
    const first = here.open('b');
    await here.clock.advance(minute);
    await first.ledger[Symbol.asyncDispose]();
    const { ledger } = here.open('c');
    await using _ledger = ledger;
    await here.clock.advance(60 * minute);
    expect(here.stored).toEqual(['b: subscription/sub-1:1 granted']);
  });

  test('and shares the file with others misses nothing of what they decide', async () => {
    const here = world();
    const a = here.open('a', { hangs: true });
    await member(a.ledger);
    await here.clock.advance(second);
    const b = here.open('b'); // The other one has moved the cursor past the decision.
    await member(a.ledger, 'sub-2');
    await here.clock.advance(second);
    void a.ledger[Symbol.asyncDispose]();
    await here.clock.advance(minute);
    expect(here.stored.sort()).toEqual(['b: subscription/sub-1:1 granted', 'b: subscription/sub-2:1 granted']);
    await b.ledger[Symbol.asyncDispose]();
  });
});

test('processes that live for one `settle` each take over what an earlier one left, by the times in the log', async () => {
  const here = world();
  await left(here);
  await here.clock.advance(minute);
  const { ledger } = here.open('cron', { background: false });
  await ledger.settle({ timeoutMs: second });
  await ledger[Symbol.asyncDispose]();
  expect(here.stored).toEqual(['cron: subscription/sub-1:1 granted']);
});

describe('settling without a background', () => {
  test('gives what others left its time from when the log has been read', async () => {
    const here = world();
    await left(here);
    await here.clock.advance(minute);
    const { ledger } = here.open('cron', { background: false, readsAfter: 5 * second });
    const settled = ledger.settle({ timeoutMs: second });
    await here.clock.advance(5 * minute);
    await settled;
    expect(here.stored).toEqual(['cron: subscription/sub-1:1 granted']);
    await ledger[Symbol.asyncDispose]();
  });

  test('delivers what stands before an event that cannot be read, and what the process decided behind it', async () => {
    const here = world();
    await left(here);
    await here.clock.advance(minute);
    await here.store().append('order-order-9', -1, [{ id: 'x', type: 'OrderPlaced', data: {}, metadata: { version: '1' } }]);
    const { ledger } = here.open('cron', { background: false });
    await member(ledger, 'sub-2');
    await expect(ledger.settle({ timeoutMs: second })).rejects.toMatchObject({ code: 'corrupt' });
    expect(here.stored.sort()).toEqual(['cron: subscription/sub-1:1 granted', 'cron: subscription/sub-2:1 granted']);
    await ledger[Symbol.asyncDispose]();
  });
});

describe('how long what was pending has waited for its owner', () => {
  /** @param owner of 40 decisions. @returns how many were told, how many streams were read, and the most at once. */
  async function tell(owner: string): Promise<{ told: number; read: number; most: number }> {
    const seen = { told: 0, read: 0, most: 0 };
    let now = 0;
    const readStream = async (): Promise<readonly []> => {
      seen.read += 1;
      now += 1;
      seen.most = Math.max(seen.most, now);
      await new Promise(setImmediate);
      now -= 1;
      return [];
    };
    const onPendingAtStart = (): void => {
      seen.told += 1;
    };
    const delivery = { onPendingAtStart } as unknown as DecisionFollower;
    const state = { sequence: 1, delivery: { owner, revision: 3, waitMs: 0 } } as unknown as Deliverable;
    const pending = () => Array.from({ length: 40 }, (_, n) => [`order-${n}`, state] as const);
    const store = { readStream } as unknown as EventStore;
    const kinds = [{ delivery, instance: 'me', prefix: 'order-', pending }];
    await followDeliveries(kinds, { store, background: false, runtime: systemRuntime }).onCaughtUp();
    return seen;
  }

  test('is read from the streams of many at once', async () => {
    expect(await tell('another')).toEqual({ told: 40, read: 40, most: 16 });
  });

  test('is not asked where there is no owner', async () => {
    expect(await tell('')).toEqual({ told: 40, read: 0, most: 0 });
  });
});

function execute(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}
