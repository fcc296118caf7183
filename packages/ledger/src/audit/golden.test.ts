// Logs that released versions wrote. They are never written again, because an old log must always give the same result.
// A new schema version of an event gets a new log beside these.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import type { EventStore } from '../event-store/event-store.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { orderEventVersions } from '../order/event-schemas.ts';
import type { LedgerCreated } from '../streams/ledger-stream.ts';
import type { ReferenceEvent } from '../streams/reference-streams.ts';
import type { SlotEvent } from '../streams/run-slot.ts';
import type { RunEvent } from '../streams/run-streams.ts';
import type { SlotTaken } from '../streams/slot-streams.ts';
import type { SweepEvent } from '../streams/sweep-streams.ts';
import type { ObjectNotUnderstood } from '../streams/unreadable-streams.ts';
import { subscriptionEventVersions } from '../subscription/event-schemas.ts';
import { explainOrder } from './explain/explain.ts';
import { explainSubscription } from './explain/explain-subscription.ts';
import { importNdjson } from './export/ndjson.ts';
import { openStoryProcess, paid, payment, writeStories } from './golden-log.test-support.ts';
import { writeLaterStories } from './golden-log-later.test-support.ts';
import { type LogReader, readerOf } from './log/log-reader.ts';
import type { LogRow } from './log/log-row.ts';
import { replayLog } from './replay/replay.ts';
import { verifyLog } from './verify/verify.ts';

// Every type that is none of an order's must stand here, or this does not compile.
type OtherEventType =
  | RunEvent['type']
  | SlotEvent['type']
  | ReferenceEvent['type']
  | SlotTaken['type']
  | SweepEvent['type']
  | ObjectNotUnderstood['type']
  | LedgerCreated['type']
  | 'PolicyAdopted';
const others: Readonly<Record<OtherEventType, true>> = {
  PaymentHeld: true,
  ReferenceLinked: true,
  SubscriptionLinked: true,
  SlotTaken: true,
  PolicyAdopted: true,
  SweepStarted: true,
  SweepAdvanced: true,
  SweepFinished: true,
  ObjectNotUnderstood: true,
  LedgerCreated: true,
  RunAdmitted: true,
  RunReleased: true,
  RunStarted: true,
  RunAdvanced: true,
  RunCancelled: true,
  RunFinished: true,
};

interface Golden {
  readonly file: string;
  readonly root: string;
  /** For each order: its membership, and its numbers of decisions, deliveries and open reviews. */
  readonly orders: Readonly<Record<string, readonly [string, number, number, number]>>;
  /** The same of each subscription. Absent: it has none. */
  readonly subscriptions?: Readonly<Record<string, readonly [string, number, number, number]>>;
}

const golden: readonly Golden[] = [
  {
    file: 'version-1.ndjson',
    root: '/taj0IMBQzCk6oS+QnEwt8wJDaTFPagwAcs7O4IEXFo=',
    orders: {
      confirmed: ['active', 1, 1, 1],
      held: ['active', 1, 1, 0],
      early: ['active', 1, 1, 0],
      refunded: ['revoked', 2, 2, 0],
      disputed: ['active', 3, 3, 0],
      short: ['active', 1, 1, 0],
      again: ['active', 3, 3, 1],
      named: ['none', 0, 0, 0],
      doubtful: ['none', 0, 0, 4],
      partly: ['revoked', 2, 2, 0],
      wrong: ['none', 0, 0, 0],
      right: ['active', 1, 1, 0],
      twice: ['active', 1, 1, 1],
      unpaid: ['none', 0, 0, 0],
      tried: ['active', 1, 1, 0],
      abandoned: ['active', 1, 0, 0],
    },
  },
  {
    file: 'version-1-later.ndjson',
    root: 'LX2M6xczjOxoGiRjxYuEwyP3dWd5x3Hrvu6IlrbYhSI=',
    orders: {
      tried: ['active', 1, 1, 0],
      restored: ['active', 3, 3, 0],
      returned: ['revoked', 2, 2, 0],
      asked: ['active', 1, 1, 0],
      refused: ['none', 0, 0, 0],
      elsewhere: ['none', 0, 0, 1],
      kept: ['active', 1, 1, 0],
      partly: ['revoked', 2, 2, 1],
      fought: ['active', 1, 1, 0],
      waits: ['suspended', 2, 2, 0],
      imported: ['revoked', 2, 2, 0],
      taken: ['active', 1, 1, 0],
    },
  },
  {
    file: 'more.ndjson',
    root: 'o5FCZwRleAhul7gfxIc2YfC+JgsmA75nGMbksdKDlUc=',
    orders: {
      tried: ['active', 1, 1, 0],
      restored: ['active', 3, 3, 0],
      returned: ['revoked', 2, 2, 0],
      asked: ['active', 1, 1, 0],
      refused: ['none', 0, 0, 0],
      elsewhere: ['none', 0, 0, 1],
      generous: ['active', 1, 1, 0],
      kept: ['active', 1, 1, 0],
      partly: ['revoked', 2, 2, 1],
      fought: ['active', 1, 1, 0],
      waits: ['suspended', 2, 2, 0],
      imported: ['revoked', 2, 2, 0],
      taken: ['active', 1, 1, 0],
    },
  },
  {
    // Written before references of other providers than Stripe got their own names.
    file: 'manual-held.ndjson',
    root: 'ug2GGlqVnTp7Tjs0K0Sql5YzSfIsfO9y/uwm3YcT0Ak=',
    orders: {
      tried: ['active', 1, 1, 0],
      restored: ['active', 3, 3, 0],
      returned: ['revoked', 2, 2, 0],
      asked: ['active', 1, 1, 0],
      refused: ['none', 0, 0, 0],
      elsewhere: ['none', 0, 0, 1],
      kept: ['active', 1, 1, 0],
      partly: ['revoked', 2, 2, 1],
      fought: ['active', 1, 1, 0],
      waits: ['suspended', 2, 2, 0],
      imported: ['revoked', 2, 2, 0],
      cash: ['active', 1, 1, 0],
      taken: ['active', 1, 1, 0],
    },
  },
  {
    file: 'refunds-exceed.ndjson',
    root: 'yHvYei76UN/nGKvRHhAf6Wc01LtSxJED/ruml/FGY/U=',
    orders: {
      tried: ['active', 1, 1, 0],
      restored: ['active', 3, 3, 0],
      returned: ['revoked', 2, 2, 0],
      asked: ['active', 1, 1, 0],
      refused: ['none', 0, 0, 0],
      elsewhere: ['none', 0, 0, 1],
      beyond: ['active', 1, 1, 1],
      generous: ['active', 1, 1, 0],
      kept: ['active', 1, 1, 0],
      partly: ['revoked', 2, 2, 1],
      fought: ['active', 1, 1, 0],
      waits: ['suspended', 2, 2, 0],
      imported: ['revoked', 2, 2, 0],
      cash: ['active', 1, 1, 0],
      taken: ['active', 1, 1, 0],
    },
  },
  {
    file: 'ledger-identity.ndjson',
    root: 'MqYcbd4vuPGMs8Zj3KuAWyQSeTrMJx4Gk/tn9rda/nY=',
    orders: {
      tried: ['active', 1, 1, 0],
      restored: ['active', 3, 3, 0],
      returned: ['revoked', 2, 2, 0],
      asked: ['active', 1, 1, 0],
      refused: ['none', 0, 0, 0],
      elsewhere: ['none', 0, 0, 1],
      kept: ['active', 1, 1, 0],
      partly: ['revoked', 2, 2, 1],
      fought: ['active', 1, 1, 0],
      waits: ['suspended', 2, 2, 0],
      imported: ['revoked', 2, 2, 0],
      cash: ['active', 1, 1, 0],
      taken: ['active', 1, 1, 0],
    },
  },
  {
    file: 'withdrawn.ndjson',
    root: '6Xsu7EcDrIPZ/4+BU1EBmevFvd/pdJ75Z/+ZrqRvZ7w=',
    orders: {
      tried: ['active', 1, 1, 0],
      restored: ['active', 3, 3, 0],
      returned: ['revoked', 2, 2, 0],
      asked: ['active', 1, 1, 0],
      refused: ['none', 0, 0, 0],
      elsewhere: ['none', 0, 0, 1],
      beyond: ['active', 1, 1, 1],
      withdrawn: ['none', 0, 0, 0],
      regretted: ['active', 1, 1, 0],
      kept: ['active', 1, 1, 0],
      partly: ['revoked', 2, 2, 1],
      fought: ['active', 1, 1, 0],
      waits: ['suspended', 2, 2, 0],
      imported: ['revoked', 2, 2, 0],
      taken: ['active', 1, 1, 0],
    },
  },
  {
    file: 'shop-ahead.ndjson',
    root: 'EFjbx3NtfeULSOdg/n+1tFL4OTXsjCRJFGsKN0n81sw=',
    orders: {
      tried: ['active', 1, 1, 0],
      restored: ['active', 3, 3, 0],
      returned: ['revoked', 2, 2, 0],
      asked: ['active', 1, 1, 0],
      refused: ['none', 0, 0, 0],
      elsewhere: ['none', 0, 0, 1],
      kept: ['active', 1, 1, 0],
      partly: ['revoked', 2, 2, 1],
      fought: ['active', 1, 1, 0],
      waits: ['suspended', 2, 2, 0],
      imported: ['revoked', 2, 2, 0],
      taken: ['active', 1, 1, 0],
      ahead: ['active', 4, 4, 0],
    },
  },
  {
    file: 'console.ndjson',
    root: '1+YmAtHC2BugY1yWKsS7RhcmjiLQHhs8NAf90NqnEwo=',
    orders: {
      tried: ['active', 1, 1, 0],
      restored: ['active', 3, 3, 0],
      returned: ['revoked', 2, 2, 0],
      asked: ['active', 1, 1, 0],
      refused: ['none', 0, 0, 0],
      elsewhere: ['none', 0, 0, 1],
      beyond: ['active', 1, 1, 1],
      generous: ['active', 1, 1, 0],
      withdrawn: ['none', 0, 0, 0],
      regretted: ['active', 1, 1, 0],
      kept: ['active', 1, 1, 0],
      partly: ['revoked', 2, 2, 1],
      fought: ['active', 1, 1, 0],
      waits: ['suspended', 2, 2, 0],
      imported: ['revoked', 2, 2, 0],
      cash: ['active', 1, 1, 0],
      taken: ['active', 1, 1, 0],
      ahead: ['active', 4, 4, 0],
      found: ['active', 1, 1, 0],
      locked: ['active', 1, 1, 0],
      closed: ['active', 1, 1, 0],
    },
  },
  {
    file: 'shadow.ndjson',
    root: 'PX+7N0AMi8jFdDUFBl/Y5XQkprFty6V1Y7TGdR7W+aU=',
    orders: {
      tried: ['active', 1, 1, 0],
      restored: ['active', 3, 3, 0],
      returned: ['revoked', 2, 2, 0],
      asked: ['active', 1, 1, 0],
      refused: ['none', 0, 0, 0],
      elsewhere: ['none', 0, 0, 1],
      beyond: ['active', 1, 1, 1],
      generous: ['active', 1, 1, 0],
      withdrawn: ['none', 0, 0, 0],
      regretted: ['active', 1, 1, 0],
      kept: ['active', 1, 1, 0],
      partly: ['revoked', 2, 2, 1],
      fought: ['active', 1, 1, 0],
      waits: ['suspended', 2, 2, 0],
      imported: ['revoked', 2, 2, 0],
      cash: ['active', 1, 1, 0],
      taken: ['active', 1, 1, 0],
      ahead: ['active', 4, 4, 0],
      shadowed: ['active', 1, 1, 0],
      unmatched: ['active', 1, 1, 0],
      found: ['active', 1, 1, 0],
      locked: ['active', 1, 1, 0],
      closed: ['active', 1, 1, 0],
    },
  },
  {
    file: 'subscriptions.ndjson',
    root: 'Eq/TteGmPqNIcDBG55R34yWeDj5dQyeSnegzM6jw7HM=',
    orders: {
      tried: ['active', 1, 1, 0],
      restored: ['active', 3, 3, 0],
      returned: ['revoked', 2, 2, 0],
      asked: ['active', 1, 1, 0],
      refused: ['none', 0, 0, 0],
      elsewhere: ['none', 0, 0, 1],
      beyond: ['active', 1, 1, 1],
      generous: ['active', 1, 1, 0],
      withdrawn: ['none', 0, 0, 0],
      regretted: ['active', 1, 1, 0],
      kept: ['active', 1, 1, 0],
      partly: ['revoked', 2, 2, 1],
      fought: ['active', 1, 1, 0],
      waits: ['suspended', 2, 2, 0],
      imported: ['revoked', 2, 2, 0],
      cash: ['active', 1, 1, 0],
      taken: ['active', 1, 1, 0],
      ahead: ['active', 4, 4, 0],
      shadowed: ['active', 1, 1, 0],
      unmatched: ['active', 1, 1, 0],
      found: ['active', 1, 1, 0],
      locked: ['active', 1, 1, 0],
      closed: ['active', 1, 1, 0],
    },
    subscriptions: {
      'sub-renewed': ['revoked', 3, 3, 0],
      'sub-late': ['revoked', 3, 3, 0],
      'sub-terms': ['active', 3, 3, 0],
      'sub-early': ['active', 1, 1, 0],
      'sub-refunded': ['active', 3, 3, 0],
      'sub-disputed': ['active', 3, 3, 0],
      'sub-noted': ['active', 3, 3, 0],
      'sub-held': ['none', 0, 0, 0],
      'sub-upgraded': ['active', 2, 2, 0],
      'sub-paused': ['active', 3, 3, 0],
      'sub-canceled': ['active', 3, 3, 0],
      'sub-imported': ['active', 1, 1, 1],
      sub_second: ['active', 1, 1, 1],
      'sub-left': ['none', 0, 0, 0],
      'sub-chosen': ['none', 0, 0, 0],
      'sub-locked': ['active', 1, 1, 0],
      'sub-ahead': ['active', 4, 4, 0],
    },
  },
];

async function opened(file: string): Promise<LogReader> {
  const log = createMemoryLog();
  const lines = createInterface({ input: createReadStream(new URL(`./golden/${file}`, import.meta.url)) });
  await importNdjson(lines, openMemoryEventStore({ log }));
  return readerOf(openMemoryEventStore({ log }));
}

test('money by hand keeps its reference: who opens the log of a release finds its owner, and links it to nobody else', async () => {
  const log = createMemoryLog();
  const lines = createInterface({ input: createReadStream(new URL('./golden/manual-held.ndjson', import.meta.url)) });
  await importNdjson(lines, openMemoryEventStore({ log }));
  const { ledger, place, observe } = openStoryProcess(openMemoryEventStore({ log }));
  await using _ = ledger;
  const cash = payment('manual:5f2b', { provider: 'manual' });
  expect(await ledger.orderOf('manual:5f2b')).toMatchObject({ orderId: 'cash', membership: 'active' });
  expect(await ledger.orderOf(cash)).toMatchObject({ orderId: 'cash' });
  await place('another');
  expect(await ledger.attachCheckout('another', cash)).toEqual({ outcome: 'belongs_to', orderId: 'cash' });
  expect(await observe('manual', cash.id, paid(), { payment: cash, orderId: 'cash' })).toEqual({ outcome: 'duplicate', orderId: 'cash' });
});

describe.each(golden)('$file', ({ file, root, orders, subscriptions = {} }) => {
  test('is what it was, verifies, and says what it said', async () => {
    const log = await opened(file);
    expect(await verifyLog(log)).toMatchObject({ found: 0, findings: [], root });
    expect(await replayLog(log)).toMatchObject({
      differing: 0,
      orders: Object.keys(orders).length,
      subscriptions: Object.keys(subscriptions).length,
    });
    const states: Record<string, unknown> = {};
    for (const orderId of Object.keys(orders)) {
      const { membership, sequence, delivered, openReviews } = (await explainOrder(log, orderId)) ?? {};
      states[orderId] = [membership, sequence, delivered, openReviews];
    }
    expect(states).toEqual(orders);
    const told: Record<string, unknown> = {};
    for (const subscriptionId of Object.keys(subscriptions)) {
      const { membership, sequence, delivered, openReviews } = (await explainSubscription(log, subscriptionId)) ?? {};
      told[subscriptionId] = [membership, sequence, delivered, openReviews];
    }
    expect(told).toEqual(subscriptions);
  });
});

test('each event has a golden log of each of its schema versions', async () => {
  const met = new Set<string>();
  for (const { file } of golden) {
    for await (const rows of (await opened(file)).rows()) {
      for (const { type, metadata } of rows) met.add(`${type} ${(JSON.parse(metadata) as { version: string }).version}`);
    }
  }
  const wanted = Object.entries({ ...orderEventVersions, ...subscriptionEventVersions }).flatMap(([type, { length }]) =>
    Array.from({ length }, (_, version) => `${type} ${version + 1}`),
  );
  expect([...met]).toEqual(expect.arrayContaining([...wanted, ...Object.keys(others).map((type) => `${type} 1`)]));
});

/** Returns the type and the fields of an event: `PaymentObserved fact.amount.currency,fact.kind,…`. */
function shapeOf({ type, data }: LogRow): string {
  const paths = (value: unknown, path: string): readonly string[] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([name, inner]) => paths(inner, path === '' ? name : `${path}.${name}`))
      : [path];
  return `${type} ${paths(JSON.parse(data), '').toSorted().join(',')}`;
}

async function shapesIn(log: LogReader): Promise<ReadonlySet<string>> {
  const shapes = new Set<string>();
  for await (const rows of log.rows()) for (const row of rows) shapes.add(shapeOf(row));
  return shapes;
}

// Fails if an event has a new field. Then write an order that uses the field, and add a golden log beside the others: npm run golden -- NAME.
test('what the ledger writes today has its like in a golden log, field by field', async () => {
  const known = new Set<string>();
  for (const { file } of golden) for (const shape of await shapesIn(await opened(file))) known.add(shape);
  const written: string[] = [];
  for (const write of [writeStories, (_: EventStore, log: MemoryLog) => writeLaterStories(async () => openMemoryEventStore({ log }))]) {
    const log = createMemoryLog();
    await write(openMemoryEventStore({ log }), log);
    written.push(...(await shapesIn(readerOf(openMemoryEventStore({ log })))));
  }
  expect(written.length).toBeGreaterThan(40);
  expect(written.filter((shape) => !known.has(shape))).toEqual([]);
});
