// The proof for the subscriptions of one account, both ways: each one at Stripe against the ledger, and each active one of the ledger
// against Stripe. The list shows each with its newest invoice; what the list leaves open, or where both differ, is read in full.
import { LedgerError } from '@paidonce/ledger';
import { defined, type KnownSubscription, type SubscriptionObservation } from '@paidonce/ledger/adapter';
import { isEnded } from '../mapping/lifecycle.ts';
import { type SubscriptionClaim, subscriptionClaimOf } from '../mapping/subscription-claim.ts';
import { toSubscriptionObservation } from '../mapping/to-subscription-observation.ts';
import { hasPriceOf, isLivingStatus, statusOf } from './adoptable.ts';
import { type BatchContext, everyObject } from './batch-context.ts';
import { compareSubscription, type SubscriptionMismatch } from './compare-subscription.ts';
import { policyOf } from './import-subscriptions.ts';
import type { LivingSubscription } from './living-twice.ts';
import type { LogSubscription } from './log-subscriptions.ts';
import { beginById, begunWith, readWhole, unread, type WholeSubscription } from './whole-subscription.ts';

export interface SubscriptionComparisonOptions {
  readonly since: Date;
  readonly repair: boolean;
  /** All of the ledger, by their ids. */
  readonly inLog: ReadonlyMap<string, LogSubscription>;
  readonly onProgress?: (what: string, count: number) => void;
}

type Begin = () => ReturnType<typeof begunWith>;
type Found = Pick<SubscriptionMismatch, 'kind' | 'stripe' | 'ledger'> & {
  readonly subscriptionId?: string;
  readonly said?: SubscriptionObservation;
};

/** An invoice is charged an hour after it was made, and up to three days where an endpoint fails. */
const overlapMs = 3 * 24 * 3_600_000;
/** Stripe's clock may be ahead of ours. */
const slackMs = 3_600_000;

export class SubscriptionComparison {
  readonly mismatches: SubscriptionMismatch[] = [];
  readonly unreadable: string[] = [];
  readonly living: LivingSubscription[] = [];
  /** By its id: payments of invoices of ours, and their subscription. */
  readonly payments: Map<string, string> = new Map();
  notOurs = 0;
  /** Stripe's ids of those that were compared. */
  readonly #compared = new Set<string>();
  /** Ids in the ledger of those that are read in full: a payment that it lacks, or money that went back. */
  readonly #inDoubt = new Set<string>();
  readonly #account: string;
  readonly #work: BatchContext;
  readonly #options: SubscriptionComparisonOptions;

  constructor(account: string, work: BatchContext, options: SubscriptionComparisonOptions) {
    this.#account = account;
    this.#work = work;
    this.#options = options;
  }

  get compared(): number {
    return this.#compared.size;
  }

  /** Each paid invoice of ours is paid here, with its payments; one that is not makes its subscription read in full. */
  async readInvoices(): Promise<void> {
    const { accounts, ledger, ourLedger } = this.#work;
    const { subscriptions } = ledger.forAdapters;
    const { billing } = await accounts.calls(this.#account);
    const fromMs = this.#options.since.getTime() - overlapMs;
    for await (const { object, answer } of everyObject((window) => billing.paidInvoices(window), fromMs, this.#nowMs())) {
      const { subscription, references } = subscriptionClaimOf(object, ourLedger.scope);
      const known = subscription === undefined ? undefined : await subscriptions.known(subscription);
      if (known === undefined) continue;
      const isHeld = known.invoices.some(({ fact }) => fact.status === 'paid' && references.includes(fact.id));
      if (!isHeld) this.#inDoubt.add(known.subscriptionId);
      const { statements } = toSubscriptionObservation(object, { account: this.#account, asOf: answer.asOf }, ourLedger.scope);
      for (const { fact } of statements) {
        if (fact.kind !== 'allocation' || fact.status !== 'paid') continue;
        this.payments.set(fact.payment, known.subscriptionId);
        if ((await subscriptions.ownerOf(fact.payment)) === undefined) this.#inDoubt.add(known.subscriptionId);
      }
    }
  }

  /** Money of it went back, or is disputed. */
  doubt(subscriptionId: string): void {
    this.#inDoubt.add(subscriptionId);
  }

  /** The same of a payment, which may be an order's. */
  async doubtPayment(paymentId: string): Promise<void> {
    const owner = await this.#work.ledger.forAdapters.subscriptions.ownerOf(paymentId);
    if (owner !== undefined) this.doubt(owner);
  }

  async compare(): Promise<void> {
    const { accounts, ledger, ourLedger } = this.#work;
    const { billing } = await accounts.calls(this.#account);
    for await (const { object, answer } of everyObject((window) => billing.subscriptions(window, 'newest_invoice'), 0, this.#nowMs())) {
      const claim = await ourLedger.judgeSubscription(subscriptionClaimOf(object, ourLedger.scope));
      const { subscription } = claim;
      if (subscription === undefined || this.#compared.has(subscription)) continue;
      const known = await ledger.forAdapters.subscriptions.known(subscription);
      if (known === undefined && claim.subscriptionId === undefined) this.#takeUnknown(object, subscription);
      else await this.#take(object, claim, known, () => begunWith(object, answer, this.#account, this.#work));
      this.#options.onProgress?.('subscriptions', this.#compared.size + this.notOurs);
    }
    await this.#compareRest();
  }

  /** Neither linked nor marked: where it lives at a price of ours, the shop should say whose it is. */
  #takeUnknown(object: unknown, subscription: string): void {
    const status = statusOf(object);
    if (!isLivingStatus(status) || !hasPriceOf(object, policyOf(this.#work))) {
      this.notOurs += 1;
      return;
    }
    this.#compared.add(subscription);
    this.#push(subscription, { kind: 'not_adopted', stripe: `${status}, at a price of a plan`, ledger: 'no subscription has it' });
  }

  async #take(object: unknown, claim: SubscriptionClaim, known: KnownSubscription | undefined, begin: Begin): Promise<void> {
    const { subscription = '' } = claim;
    this.#compared.add(subscription);
    const status = statusOf(object);
    const subscriptionId = known?.subscriptionId ?? claim.subscriptionId ?? '';
    if (isLivingStatus(status)) this.living.push({ subscription, subscriptionId, account: this.#account, status });
    const inLog = this.#options.inLog.get(subscriptionId);
    const isDone = !isLivingStatus(status) && known?.lifecycle !== undefined && isEnded(known.lifecycle) && inLog?.isActive !== true;
    // Both have it as ended, and nothing that was paid since is missing.
    if (isDone && !this.#inDoubt.has(subscriptionId)) return;
    // A refund may fail, and a dispute be won: then the charge shows nothing any more.
    const periods = (await this.#work.ledger.subscription(subscriptionId))?.periods ?? [];
    if (periods.some(({ state }) => state === 'held' || state === 'given_back')) this.#inDoubt.add(subscriptionId);
    await this.#judgeBegun(begin, { subscription, subscriptionId, ...defined({ named: claim.subscriptionId }) });
  }

  async #judgeBegun(
    begin: Begin,
    asked: { readonly subscription: string; readonly subscriptionId: string; readonly named?: string },
  ): Promise<void> {
    const { subscription, subscriptionId, named } = asked;
    let found: Found | undefined;
    for (const how of this.#inDoubt.has(subscriptionId) ? (['whole'] as const) : (['newest', 'whole'] as const)) {
      const read = await readWhole(await begin(), this.#work, how);
      if ('problem' in read && read.problem === unread.ignored) return;
      const judged = 'problem' in read ? 'unreadable' : await this.#judge(read, named);
      if (judged === 'unreadable') return void this.unreadable.push(subscription);
      found = judged;
      if (found === undefined) return;
    }
    if (found) this.#push(subscription, found, await this.#repaired(found));
  }

  /** Undefined: both agree. */
  async #judge(read: WholeSubscription, subscriptionId: string | undefined): Promise<Found | undefined | 'unreadable'> {
    const { subscriptions } = this.#work.ledger.forAdapters;
    const said: SubscriptionObservation = { ...read, ...defined({ subscriptionId }), source: 'poll' };
    const dry = await subscriptions.wouldObserve(said).catch((error: unknown) => {
      if (error instanceof LedgerError && error.code === 'invalid_input') return undefined; // The ledger could not take it.
      throw error;
    });
    if (dry === undefined) return 'unreadable';
    const { result, before, after } = dry;
    if (!('subscriptionId' in result)) return undefined;
    const { subscriptionId: owner } = result;
    if (after === undefined) {
      return { kind: 'not_adopted', subscriptionId: owner, stripe: 'it names this subscription', ledger: 'it is not placed, and waits' };
    }
    if (before === undefined) {
      return {
        kind: 'two_living',
        subscriptionId: owner,
        stripe: `a second one for ${subscriptionId}`,
        ledger: 'it is not recorded',
        said,
      };
    }
    const compared = compareSubscription(before, after);
    if (compared) return { ...compared, subscriptionId: owner, said };
    return before.status === 'active' ? this.#uncovered(read, before) : undefined;
  }

  /** What the membership rests on is paid at Stripe too. Of what a person alone has stated, the person answers. */
  async #uncovered(
    { subscription, statements }: WholeSubscription,
    has: NonNullable<Awaited<ReturnType<BatchContext['ledger']['subscription']>>>,
  ) {
    const invoice = has.periods.findLast(({ state, to }) => state === 'paid' && to === has.paidThrough)?.invoice;
    if (invoice === undefined || statements.some(({ fact }) => fact.kind === 'invoice' && fact.id === invoice && fact.status === 'paid'))
      return undefined;
    const known = await this.#work.ledger.forAdapters.subscriptions.known(subscription);
    if (known?.invoices.find(({ fact }) => fact.id === invoice)?.sources.every((source) => source === 'manual')) return undefined;
    const { accounts, ourLedger } = this.#work;
    const answer = await (await accounts.calls(this.#account)).billing.object('invoice', invoice);
    const mapped = answer && toSubscriptionObservation(answer.object, { account: this.#account, asOf: answer.asOf }, ourLedger.scope);
    const isPaid = mapped?.statements.some(({ fact }) => fact.kind === 'invoice' && fact.id === invoice && fact.status === 'paid');
    if (isPaid === true || (mapped && mapped.incomplete.length > 0)) return undefined;
    const found = { subscriptionId: has.subscriptionId, stripe: `invoice ${invoice} is not paid` };
    return { kind: 'extended_without_payment', ...found, ledger: `active, paid through ${has.paidThrough} by it` } as const;
  }

  /** Active ones of the ledger that no list has shown. */
  async #compareRest(): Promise<void> {
    for (const { subscriptionId, reference, isActive } of this.#options.inLog.values()) {
      if (!isActive || reference?.account !== this.#account || this.#compared.has(reference.id)) continue;
      this.#compared.add(reference.id);
      const begun = await beginById(reference.id, this.#account, this.#work);
      if (begun) await this.#judgeBegun(async () => begun, { subscription: reference.id, subscriptionId });
      else this.#push(reference.id, { kind: 'extended_without_payment', subscriptionId, stripe: unread.missing, ledger: 'active' });
    }
  }

  /** By the path of every observation. Undefined: nothing to repair, or only a person can. */
  async #repaired({ said }: Found): Promise<boolean | undefined> {
    if (!this.#options.repair || said === undefined) return undefined;
    await this.#work.ledger.observeSubscription(said);
    const { before, after } = await this.#work.ledger.forAdapters.subscriptions.wouldObserve(said);
    return before !== undefined && after !== undefined && compareSubscription(before, after) === undefined;
  }

  #push(subscription: string, { said: _, ...found }: Found, repaired?: boolean): void {
    this.mismatches.push({ ...found, subscription, account: this.#account, ...defined({ repaired }) });
  }

  #nowMs(): number {
    return this.#work.ledger.runtime.now().getTime() + slackMs;
  }
}
