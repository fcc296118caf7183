// What has become of the orders of a backfill so far: counts, and a sentence for each order that a person must check.
import type { IntakeResult } from '../intake/intake-result.ts';
import { type Backfilled, causes } from './backfilled.ts';
import type { ShopOrder } from './shop-orders.ts';

export class BackfillTally {
  /** Orders and objects of which money went back or is disputed. */
  readonly wentBack: Set<string> = new Set();
  readonly #numbers = { examined: 0, granted: 0, imported: 0, known: 0, unpaid: 0, notOurs: 0 };
  readonly #problems: string[] = [];
  readonly #fulfilledUnpaid: string[] = [];
  readonly #onProgress: ((what: string, count: number) => void) | undefined;

  constructor(onProgress: ((what: string, count: number) => void) | undefined) {
    this.#onProgress = onProgress;
  }

  get counts(): Omit<Backfilled, 'calls'> {
    const [problems, fulfilledUnpaid] = [[...this.#problems], [...this.#fulfilledUnpaid]];
    return { ...this.#numbers, review: problems.length, problems, fulfilledUnpaid };
  }

  /** One more order is compared with Stripe. */
  order(): void {
    this.#numbers.examined += 1;
    this.#onProgress?.('orders', this.#numbers.examined);
  }

  add(name: 'granted' | 'imported' | 'known' | 'unpaid' | 'notOurs'): void {
    this.#numbers[name] += 1;
  }

  problem(problem: string): void {
    this.#problems.push(problem);
  }

  /** An order that is not paid; where it is fulfilled all the same, that is a finding. */
  unpaid({ orderId, paymentId, fulfilled }: ShopOrder, state: string): void {
    this.add('unpaid');
    if (fulfilled) this.#fulfilledUnpaid.push(`${orderId} (${paymentId}): ${state}`);
  }

  /** An order whose payment gives no access by itself. */
  notEntitled(name: string): void {
    this.problem(`${name}: ${this.wentBack.has(name) ? causes.wentBack : causes.notEntitled}`);
  }

  /** What the ledger made of an object. */
  result({ outcome }: Pick<IntakeResult, 'outcome'>, name: string): void {
    if (outcome === 'granted' || outcome === 'restored') this.add('granted');
    else if (outcome === 'duplicate') this.add('known');
    else if (outcome === 'ignored' || outcome === 'not_ours') this.add('unpaid');
    else if (outcome === 'recorded') this.problem(`${name}: ${this.wentBack.has(name) ? causes.wentBack : causes.noMembership}`);
    else this.problem(`${name}: ${outcome === 'unreadable' ? causes.unreadable : outcome}`);
  }
}
