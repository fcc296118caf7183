// A model of a payment provider: sessions, payment intents, refunds and disputes that change one move at a
// time, and what each kind of object says of a payment. It only moves forwards, as the join of facts expects.
import { defined } from '../../defined.ts';
import type { Fact, PaidAmount, PaymentReference, Statement } from '../../observation.ts';
import type { ExpectedPayment } from './expected-access.ts';
import { textOf } from './fact-text.ts';

/** Through which object a payment is told. */
export type Via = 'session' | 'intent' | 'refund' | 'dispute';

interface Register {
  /** As its newest state is told by a read of everything. */
  readonly fact: Fact;
  readonly rank: number;
}

/** One payment at the provider. */
export interface ProviderPayment {
  readonly reference: PaymentReference;
  /** The session that it was made in, where that is another object. */
  readonly sessionId?: string;
  /** The order that it is truly for. */
  readonly orderId: string;
  /** What our metadata on the session and on the intent names. */
  readonly sessionNames?: string;
  readonly intentNames?: string;
  /** By object: the attempt, each refund, each dispute. */
  readonly registers: Map<string, Register>;
  paidAt?: string;
}

/** What a move makes known, and through which object a webhook would tell it. */
export interface ProviderUpdate {
  readonly via: Via;
  readonly fact: Fact;
}

export class Provider {
  readonly payments: ProviderPayment[] = [];
  /** Facts that were ever true, by payment and text; a later state of the same object ranks higher. */
  readonly #ranks = new Map<string, number>();
  #moves = 0;

  /** The object changes; of all that it says of itself, the first is what a read of everything finds. */
  change(payment: ProviderPayment, update: readonly [ProviderUpdate, ...ProviderUpdate[]]): void {
    const [{ fact }] = update;
    for (const each of update) this.#ranks.set(factName(payment.reference, each.fact), rankOf(each.fact, ++this.#moves));
    payment.registers.set(registerName(fact), { fact, rank: this.rank(payment.reference, fact) ?? 0 });
  }

  /** Undefined: nobody at the provider ever said so. */
  rank(payment: PaymentReference, fact: Fact): number | undefined {
    return this.#ranks.get(factName(payment, fact));
  }

  /** What the object says of the payment. */
  statement(payment: ProviderPayment, { via, fact }: ProviderUpdate, asOf: string, evidence: Statement['evidence']): Statement {
    const { reference, sessionId, sessionNames, intentNames, paidAt } = payment;
    const names = via === 'session' ? sessionNames : via === 'intent' ? intentNames : undefined;
    return {
      payment: reference,
      ...(via === 'session' && sessionId !== undefined ? { aliases: [sessionId] } : {}),
      ...defined({ orderId: names }),
      fact,
      asOf,
      ...(paidAt !== undefined && fact.kind === 'attempt' && fact.status === 'paid' ? { occurredAt: paidAt } : {}),
      evidence,
    };
  }

  /** A read of everything that there is about a payment, through its session where it has one. */
  read(payment: ProviderPayment, asOf: string): readonly Statement[] {
    const via: Via = payment.sessionId === undefined && payment.sessionNames === undefined ? 'intent' : 'session';
    return [...payment.registers.values()].map(({ fact }) =>
      this.statement(payment, { via, fact }, asOf, { objectId: payment.sessionId ?? payment.reference.id }),
    );
  }
}

/** Joins facts by what the provider knows to be the newer one. */
export class KnownFacts {
  readonly #provider: Provider;
  readonly #newest = new Map<string, Register>();

  constructor(provider: Provider) {
    this.#provider = provider;
  }

  /** @returns false: nobody at the provider ever said so. */
  add(payment: PaymentReference, fact: Fact): boolean {
    const rank = this.#provider.rank(payment, fact);
    if (rank === undefined) return false;
    const name = registerName(fact);
    const known = this.#newest.get(name);
    if (!known || known.rank <= rank) this.#newest.set(name, { fact, rank });
    return true;
  }

  /** What the provider finally holds to be true, and these facts do not know yet. */
  missing(payment: ProviderPayment): readonly string[] {
    return [...payment.registers].flatMap(([name, { rank, fact }]) => ((this.#newest.get(name)?.rank ?? -1) < rank ? [textOf(fact)] : []));
  }

  has(predicate: (fact: Fact) => boolean): boolean {
    return [...this.#newest.values()].some(({ fact }) => predicate(fact));
  }

  payment(reference: PaymentReference, ruling: 'grant' | 'revoke' | undefined): ExpectedPayment {
    return expectedPayment(
      reference,
      [...this.#newest.values()].map(({ fact }) => fact),
      ruling,
    );
  }
}

/** The payment as these facts, one for each object, tell it. */
export function expectedPayment(
  reference: PaymentReference,
  facts: readonly Fact[],
  ruling: 'grant' | 'revoke' | undefined,
): ExpectedPayment {
  let paid: PaidAmount | undefined;
  for (const fact of facts) if (fact.kind === 'attempt' && fact.status === 'paid') paid = fact.amount;
  return {
    reference,
    ...(paid ? { paid } : {}),
    refunds: facts.filter((fact) => fact.kind === 'refund'),
    disputes: facts.filter((fact) => fact.kind === 'dispute'),
    ...(ruling ? { ruling } : {}),
  };
}

function registerName(fact: Fact): string {
  return fact.kind === 'attempt' ? 'attempt' : `${fact.kind} ${fact.id}`;
}

function factName(payment: PaymentReference, fact: Fact): string {
  return `${payment.id} ${textOf(fact)}`;
}

/** A session knows more of an amount than its intent does: what it says stands, whichever came later. */
function rankOf(fact: Fact, move: number): number {
  if (fact.kind !== 'attempt' || fact.status !== 'paid') return move;
  return move + (fact.amount.parts ? 2_000_000 : 1_000_000);
}
