// Orders that are active at once: each is reported by four sources, and so many others are reported in between. In the log of each
// size the same facts come; where more orders are active, a process meets an order again when it has long been busy with others.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createPaymentLedger, type PaymentLedger } from '@paidonce/ledger';
import { createMemoryLog, openMemoryEventStore } from '@paidonce/ledger/memory';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { copyOf, LogWriter } from './grown-log.ts';
import { type GrowthOptions, type Slot, slotOf } from './growth-slots.ts';
import { eachOf, type Took, timed } from './measures.ts';
import { account, paid, payment, sources } from './payments.ts';

const callers = 32;

/** The orders of a log, group by group: the first source reports each of the group, then the next source does. */
class Walk {
  readonly #ledger: PaymentLedger;
  readonly #active: number;
  readonly #orders: number;
  #next = 0;

  constructor(ledger: PaymentLedger, active: number, orders: number) {
    this.#ledger = ledger;
    this.#active = active;
    this.#orders = orders;
  }

  /** Observes facts that confirm what is known. Grants come first, which is other work: it is not timed. */
  async slot(facts: number): Promise<Took> {
    let [micros, cpu] = [0, 0];
    for (let left = facts; left > 0; ) {
      if (this.#source === 0) await this.#observe(this.#active);
      const count = Math.min(left, this.#active - (this.#next % this.#active));
      const took = await timed(facts, () => this.#observe(count));
      micros += took.micros;
      cpu += took.cpu;
      left -= count;
    }
    return { micros, cpu };
  }

  get #source(): number {
    return Math.floor(this.#next / this.#active) % sources.length;
  }

  async #observe(count: number): Promise<void> {
    const group = Math.floor(this.#next / (this.#active * sources.length));
    const source = sources[this.#source] ?? 'poll';
    const first = group * this.#active + (this.#next % this.#active);
    this.#next += count;
    if (first + count > this.#orders) throw new Error('the log has too few orders for so many slots');
    await eachOf(count, callers, (index) => this.#ledger.observePayment(paid(nameOf(first + index + 1), source)));
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
    // Of each order three facts are timed.
    const orders = Math.max(...active.map((size) => Math.ceil((slots * factsInSlot) / (3 * size)) * size));
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
