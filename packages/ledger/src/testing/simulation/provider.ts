// A model of a payment provider: sessions, payment intents, refunds and disputes that change step by step, and what each kind
// of object reports about a payment. States only move forward, as the join of facts expects.
import { defined } from '../../defined.ts';
import type { Fact, PaidAmount, PaymentReference, Statement } from '../../observation.ts';
import type { ExpectedPayment } from './expected-access.ts';
import { nameOf, textOf } from './fact-text.ts';

/** The kind of object that reports a payment. */
export type Via = 'session' | 'intent' | 'refund' | 'dispute';

interface Register {
  /** The newest state, as a read of everything reports it. */
  readonly fact: Fact;
  readonly rank: number;
}

/** One payment at the provider. */
export interface ProviderPayment {
  readonly reference: PaymentReference;
  /** The session in which it was made, if that is another object. */
  readonly sessionId?: string;
  /** The charge, which refunds and disputes name beside the payment. Absent: they name the payment alone. */
  readonly chargeId?: string;
  /** All of its other names: of its sessions (a session may be recovered by another one), and of its charge. */
  readonly aliases: readonly string[];
  /** The order that it is really for. */
  readonly orderId: string;
  /** The order that the session's metadata name. Absent: none. */
  readonly sessionNames?: string;
  /** The order that the intent's metadata name. Absent: none. */
  readonly intentNames?: string;
  /** The state of each object: the attempt, each refund, each dispute. Written by `Provider.change`. */
  readonly registers: Map<string, Register>;
  paidAt?: string;
}

/** What a move changes, and which object a webhook would report it with. */
export interface ProviderUpdate {
  readonly via: Via;
  readonly fact: Fact;
}

export class Provider {
  readonly payments: ProviderPayment[] = [];
  /** The ranks of all facts that were ever true. Key: payment and fact. A later state of the same object has a higher rank. */
  readonly #ranks = new Map<string, number>();
  #moves = 0;

  /** Changes an object. @param news all facts that it reports; a read of everything finds the first one. */
  change(payment: ProviderPayment, update: readonly [ProviderUpdate, ...ProviderUpdate[]]): void {
    const [{ fact }] = update;
    for (const each of update) this.#ranks.set(factName(payment.reference, each.fact), rankOf(each.fact, ++this.#moves));
    payment.registers.set(registerName(fact), { fact, rank: this.rank(payment.reference, fact) ?? 0 });
  }

  /** Returns the rank of a fact. Undefined: the fact was never true at the provider. */
  rank(payment: PaymentReference, fact: Fact): number | undefined {
    return this.#ranks.get(factName(payment, fact));
  }

  /** Returns what the object reports about the payment. */
  statement(payment: ProviderPayment, { via, fact }: ProviderUpdate, asOf: string, evidence: Statement['evidence']): Statement {
    const { reference, sessionNames, intentNames, paidAt, chargeId } = payment;
    const aliases = via === 'session' ? payment.aliases.filter((id) => id !== chargeId) : chargeId === undefined ? [] : [chargeId];
    const names = via === 'session' ? sessionNames : via === 'intent' ? intentNames : undefined;
    return {
      payment: reference,
      ...(aliases.length > 0 ? { aliases } : {}),
      ...defined({ orderId: names }),
      fact,
      asOf,
      ...(paidAt !== undefined && fact.kind === 'attempt' && fact.status === 'paid' ? { occurredAt: paidAt } : {}),
      evidence,
    };
  }

  /** Reads everything about a payment, through its session if it has one. */
  read(payment: ProviderPayment, asOf: string): readonly Statement[] {
    const via: Via = payment.sessionId === undefined && payment.sessionNames === undefined ? 'intent' : 'session';
    return [...payment.registers.values()].map(({ fact }) =>
      this.statement(payment, { via, fact }, asOf, { objectId: payment.sessionId ?? payment.reference.id }),
    );
  }
}

/** Joins facts: the provider decides which one is newer. */
export class KnownFacts {
  readonly #provider: Provider;
  readonly #newest = new Map<string, Register>();

  constructor(provider: Provider) {
    this.#provider = provider;
  }

  /** Adds a fact. False: the fact was never true at the provider. */
  add(payment: PaymentReference, fact: Fact): boolean {
    const rank = this.#provider.rank(payment, fact);
    if (rank === undefined) return false;
    const name = registerName(fact);
    const known = this.#newest.get(name);
    if (!known || known.rank <= rank) this.#newest.set(name, { fact, rank });
    return true;
  }

  /** Returns the provider's final facts that are not among these facts. */
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

/** Returns the state of a payment. @param facts one fact for each object. */
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
  return `${nameOf(payment)} ${textOf(fact)}`;
}

/** Returns the rank of a fact. A session knows more about the amount than its intent, so its fact always ranks higher. */
function rankOf(fact: Fact, move: number): number {
  if (fact.kind !== 'attempt' || fact.status !== 'paid') return move;
  return move + (fact.amount.parts ? 2_000_000 : 1_000_000);
}
