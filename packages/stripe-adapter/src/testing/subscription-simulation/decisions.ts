// What the raw log says of each subscription: what was decided, which invoices it knows, and when it was looked at.

export interface Decision {
  readonly status: 'active' | 'suspended' | 'revoked';
  readonly plan: string;
  readonly quantity: number;
  readonly validUntil: string;
  readonly cause: string;
  readonly invoice?: string;
}

interface Observed {
  readonly asOf: string;
  readonly doubtful?: boolean;
  readonly look?: string;
  readonly source: string;
  readonly fact: { readonly kind: string; readonly id?: string; readonly status?: string };
}

/** Undefined: it changes no status. */
const statusAfter: Readonly<Record<string, Decision['status'] | undefined>> = {
  SubscriptionGranted: 'active',
  SubscriptionExtended: undefined,
  SubscriptionChanged: undefined,
  SubscriptionRestored: 'active',
  SubscriptionSuspended: 'suspended',
  SubscriptionEnded: 'revoked',
  SubscriptionRevoked: 'revoked',
};

export class Decisions {
  readonly #newest = new Map<string, Decision>();
  readonly #looked = new Map<string, string>();
  readonly #seen = new Map<string, string>();
  /** Stream and invoice. */
  readonly #paid = new Set<string>();

  /** Reads an event of a subscription. Undefined: it is no decision. */
  read(stream: string, type: string, data: string): Decision | undefined {
    if (type === 'SubscriptionObserved') this.#observed(stream, JSON.parse(data) as Observed);
    if (!Object.hasOwn(statusAfter, type)) return undefined;
    const decided = JSON.parse(data) as Omit<Decision, 'status'>;
    const decision = { ...decided, status: statusAfter[type] ?? this.#newest.get(stream)?.status ?? 'active' };
    this.#newest.set(stream, decision);
    return decision;
  }

  #observed(stream: string, { asOf, doubtful, source, look = '', fact }: Observed): void {
    if (look > (this.#looked.get(stream) ?? '')) this.#looked.set(stream, look);
    const times = [this.#seen.get(stream) ?? '', ...(doubtful === true || source === 'manual' ? [] : [asOf, look])];
    this.#seen.set(stream, times.toSorted().at(-1) ?? '');
    if (fact.kind === 'invoice' && fact.status === 'paid') this.#paid.add(`${stream} ${fact.id}`);
  }

  /** The later one of this time and that of a statement that moves time. */
  timeOf(data: string, than: string): string {
    const { asOf, doubtful } = JSON.parse(data) as Observed;
    return doubtful === true || asOf < than ? than : asOf;
  }

  newestOf(stream: string): Decision | undefined {
    return this.#newest.get(stream);
  }

  lookedOf(stream: string): string | undefined {
    return this.#looked.get(stream);
  }

  /** The newest time that anything told moved the subscription to. Undefined: none did. */
  seenOf(stream: string): string | undefined {
    return this.#seen.get(stream) || undefined;
  }

  knowsPaid(stream: string, invoice: string): boolean {
    return this.#paid.has(`${stream} ${invoice}`);
  }
}
