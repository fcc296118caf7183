// Orders that are active at once: each is reported by the webhook and by the poll, and so many others are reported in between. The
// same facts come in the log of each size; where more orders are active, a process meets an order again when it has long been busy
// with others.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createPaymentLedger, type PaymentLedger } from '@paidonce/ledger';
import { createMemoryLog, openMemoryEventStore } from '@paidonce/ledger/memory';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { copyOf, LogWriter } from './grown-log.ts';
import { type GrowthOptions, type Slot, slotOf } from './growth-slots.ts';
import { eachOf, type Took, timed } from './measures.ts';
import { account, paid, payment } from './payments.ts';

const callers = 32;

/**
 * The orders of a log, group by group: all of a group are granted by the first source, then each is confirmed by the second. Where the
 * group is larger, an order has been left alone for longer when its confirmation comes.
 */
class Walk {
  readonly #ledger: PaymentLedger;
  readonly #active: number;
  readonly #orders: number;
  #granted = 0;
  #confirmed = 0;

  constructor(ledger: PaymentLedger, active: number, orders: number) {
    this.#ledger = ledger;
    this.#active = active;
    this.#orders = orders;
  }

  /** Observes facts that confirm what is known. Grants come first, which is other work: it is not timed. */
  async slot(facts: number): Promise<Took> {
    let [micros, cpu] = [0, 0];
    for (let left = facts; left > 0; ) {
      if (this.#confirmed === this.#granted) this.#granted = await this.#observe(this.#granted, this.#active, 'webhook');
      const count = Math.min(left, this.#granted - this.#confirmed);
      const took = await timed(facts, async () => {
        this.#confirmed = await this.#observe(this.#confirmed, count, 'poll');
      });
      micros += took.micros;
      cpu += took.cpu;
      left -= count;
    }
    return { micros, cpu };
  }

  /** Answers the first order that was not reported. */
  async #observe(first: number, count: number, source: 'webhook' | 'poll'): Promise<number> {
    if (first + count > this.#orders) throw new Error('the log has too few orders for so many slots');
    await eachOf(count, callers, (index) => this.#ledger.observePayment(paid(nameOf(first + index + 1), source)));
    return first + count;
  }
}

/** Measures the slots of each size. Each slot comes once on each log, and each log is first equally often. */
export async function growthByActive(
  folder: string,
  { active, slots, factsInSlot }: GrowthOptions,
): Promise<ReadonlyMap<string, readonly Slot[]>> {
  const walks = new Map<number, Walk>();
  const ledgers: PaymentLedger[] = [];
  try {
    const orders = Math.max(...active.map((size) => Math.ceil((slots * factsInSlot) / size) * size));
    await makePlacedOrders(join(folder, 'placed.db'), orders);
    for (const size of active) {
      const path = join(folder, `active-${size}.db`);
      copyFileSync(join(folder, 'placed.db'), path);
      // Only the writes are measured: no read models are updated.
      const ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false });
      ledgers.push(ledger);
      walks.set(size, new Walk(ledger, size, orders));
    }
    const measured: Slot[] = [];
    for (let slot = 0; slot < slots; slot++)
      measured.push(
        await slotOf(slot, active, (size) => walks.get(size)?.slot(factsInSlot) ?? Promise.reject(new Error(`no log of ${size}`))),
      );
    return new Map([['confirmation', measured]]);
  } finally {
    for (const ledger of ledgers) await ledger[Symbol.asyncDispose]();
  }
}

/** Ids as long as Stripe's, all of one length, so that one can replace another. */
const nameOf = (order: number): string => `3Tbench${String(order).padStart(17, '0')}`;

/** Writes a log of orders that wait for their payments: one is placed by the real ledger, the others are copies. */
async function makePlacedOrders(path: string, orders: number): Promise<void> {
  const log = createMemoryLog();
  const ledger = createPaymentLedger({ eventStore: openMemoryEventStore({ log }), background: false });
  const orderId = nameOf(0);
  await ledger.placeOrder({
    orderId,
    memberId: `m-${orderId}`,
    plan: 'pro',
    amountMinor: 4_900,
    currency: 'usd',
    account,
    livemode: false,
  });
  await ledger.attachCheckout(orderId, payment(orderId));
  await ledger[Symbol.asyncDispose]();
  await (await openSqliteEventStore(path)).close();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA synchronous = OFF; BEGIN');
  const writer = new LogWriter(db);
  for (const row of log.rows.filter(({ stream }) => !stream.includes(orderId))) writer.write(row);
  const story = log.rows.filter(({ stream }) => stream.includes(orderId));
  for (let order = 1; order <= orders; order++) {
    for (const row of copyOf(story, orderId, nameOf(order))) writer.write(row);
    writer.forget();
  }
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}
