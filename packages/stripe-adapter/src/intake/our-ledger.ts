// Which ledger made an object. Programs may share an account and even a scope, and their orders may have the same numbers: only
// the identity in the metadata tells them apart. What bears the identity of another ledger claims nothing here, and a person is
// alerted once. What bears none is of an earlier release, or the shop made it by hand: it is judged by its scope, as before.

import type { PaymentLedger } from '@paidonce/ledger';
import { type Claim, claimOf, marksOf, otherScopeIn } from '../mapping/claim.ts';
import type { SubscriptionClaim } from '../mapping/subscription-claim.ts';
import type { StripeIdentity } from '../stripe/stripe-objects.ts';

export interface OurLedgerOptions {
  readonly ledger: PaymentLedger;
  readonly scope: string;
  /** Identities of logs that this shop has lost: what they made is ours. Default: none. */
  readonly formerLedgers?: readonly string[];
}

/** Anybody with our key can write an identity: this many others are remembered and reported, and no more. */
const mostOthers = 100;

export class OurLedger {
  readonly scope: string;
  readonly #ledger: PaymentLedger;
  readonly #former: ReadonlySet<string>;
  /** The identity of this ledger, which never changes. Written by `#isOurs`; undefined: it was not asked for yet, or has none. */
  #own: string | undefined;
  /** How many objects of each other ledger were judged. Written by `#notice`. */
  readonly #others = new Map<string, number>();
  readonly #otherScopes = new Set<string>();

  constructor({ ledger, scope, formerLedgers = [] }: OurLedgerOptions) {
    this.scope = scope;
    this.#ledger = ledger;
    this.#former = new Set(formerLedgers);
  }

  /** Key: the identity of another ledger under our scope. Value: how many of its objects were judged. */
  get others(): ReadonlyMap<string, number> {
    return this.#others;
  }

  /** Other scopes that objects bore which were judged: other programs on the account, or a shop whose scope was not given here. */
  get otherScopes(): ReadonlySet<string> {
    return this.#otherScopes;
  }

  /** Whether the object's own metadata shows that it is ours. @throws LedgerError of the store. */
  async made(identity: StripeIdentity): Promise<boolean> {
    this.#noticeScope(otherScopeIn(identity, this.scope));
    const marks = marksOf(identity, this.scope);
    return marks !== undefined && (await this.#isOurs(marks.ledgerId, identity.id));
  }

  /** What the object claims of this ledger. @throws LedgerError of the store. */
  claimOf(identity: StripeIdentity): Promise<Claim> {
    return this.judge(claimOf(identity, this.scope), identity.id);
  }

  /**
   * The claim as it counts here: without scope and order if another ledger made the object. Its references stay, since a link of
   * this ledger counts whoever made the object.
   *
   * @throws LedgerError of the store.
   */
  async judge(claim: Claim, objectId: string | undefined = claim.references.at(-1)): Promise<Claim> {
    this.#noticeScope(claim.otherScope);
    const { ledgerId, orderId: _, ...rest } = claim;
    return !claim.hasOurScope || (await this.#isOurs(ledgerId, objectId)) ? claim : { ...rest, hasOurScope: false };
  }

  /** The same for what an object claims about its subscription. @throws LedgerError of the store. */
  async judgeSubscription(claim: SubscriptionClaim): Promise<SubscriptionClaim> {
    this.#noticeScope(claim.otherScope);
    const { ledgerId, subscriptionId: _, ...rest } = claim;
    return !claim.hasOurScope || (await this.#isOurs(ledgerId, claim.references.at(-1))) ? claim : { ...rest, hasOurScope: false };
  }

  async #isOurs(ledgerId: string | undefined, objectId: string | undefined): Promise<boolean> {
    if (ledgerId === undefined || this.#former.has(ledgerId)) return true;
    this.#own ??= await this.#ledger.forAdapters.ledgerId();
    if (ledgerId === this.#own) return true;
    this.#notice(ledgerId, objectId);
    return false;
  }

  #noticeScope(scope: string | undefined): void {
    if (scope !== undefined && this.#otherScopes.size < mostOthers) this.#otherScopes.add(scope);
  }

  #notice(ledgerId: string, objectId = 'an object'): void {
    const seen = this.#others.get(ledgerId);
    if (seen === undefined && this.#others.size >= mostOthers) return;
    this.#others.set(ledgerId, (seen ?? 0) + 1);
    if (seen === undefined) this.#ledger.forAdapters.alert({ kind: 'other_ledger', message: this.#messageOf(ledgerId, objectId) });
  }

  #messageOf(ledgerId: string, objectId: string): string {
    return `${objectId} was made by ledger ${ledgerId} under our scope "${this.scope}", so it is not ours. ${remedyFor(ledgerId)}`;
  }
}

/** What other scopes mean. Undefined: there are none. */
export function otherScopesText(scopes: ReadonlySet<string>): string | undefined {
  if (scopes.size === 0) return undefined;
  const named = [...scopes].map((scope) => JSON.stringify(scope)).join(', ');
  return `Stripe has objects of the scope ${named}, which count as another program's. If that is the scope of this shop's stripePayments, name it with --scope`;
}

/** What to do about another ledger under our scope. */
export function remedyFor(ledgerId: string): string {
  return `If another program runs on this Stripe account, give each a scope of its own; if it is the log that this shop has lost, pass formerLedgers: ['${ledgerId}'] to stripePayments and run paidonce-stripe backfill --orders FILE --former-ledger ${ledgerId}`;
}
