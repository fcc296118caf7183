// What falls due by the sandbox's clock, soonest first: a binary heap, since ten thousand open sessions expire one by one.
// An entry is only a reminder: whoever takes it reads the object again.

export interface Reminder {
  readonly kind:
    | 'session_expires'
    | 'payment_settles'
    | 'refund_settles'
    | 'authorization_expires'
    | 'subscription_due'
    | 'invoice_due'
    | 'webhook_due';
  readonly id: string;
}

/** A reminder and the account of its object. */
export interface AccountReminder extends Reminder {
  readonly account: string;
}

/** The agenda as one account writes to it. */
export interface AccountAgenda {
  add(dueMs: number, reminder: Reminder): void;
}

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly reminder: AccountReminder;
}

export class Agenda {
  readonly #heap: Entry[] = [];
  readonly #onSooner: () => void;
  #order = 0;

  /** `onSooner`: called when an entry falls due before all others, so that a sleeping loop checks again. */
  constructor(onSooner: () => void = () => undefined) {
    this.#onSooner = onSooner;
  }

  of(account: string): AccountAgenda {
    return { add: (dueMs, reminder) => this.add(dueMs, { ...reminder, account }) };
  }

  add(dueMs: number, reminder: AccountReminder): void {
    this.#heap.push({ dueMs, order: this.#order, reminder });
    this.#order += 1;
    this.#up(this.#heap.length - 1);
    if (this.#heap[0]?.reminder === reminder) this.#onSooner();
  }

  nextDueMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  /** Removes and returns the soonest entry that is due. Entries with equal times come out in the order in which they went in. */
  takeDue(nowMs: number): AccountReminder | undefined {
    const first = this.#heap[0];
    if (!first || first.dueMs > nowMs) return undefined;
    const last = this.#heap.pop();
    if (last && last !== first) {
      this.#heap[0] = last;
      this.#down(0);
    }
    return first.reminder;
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (!x || !y) return false;
    return x.dueMs < y.dueMs || (x.dueMs === y.dueMs && x.order < y.order);
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x && y) {
      this.#heap[a] = y;
      this.#heap[b] = x;
    }
  }

  #up(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #down(from: number): void {
    for (let at = from; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (this.#before(child, least)) least = child;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }
}
