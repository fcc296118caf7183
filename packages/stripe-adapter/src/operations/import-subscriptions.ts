// Takes over the subscriptions of a shop that runs them by its own webhooks: each is read at Stripe, decided in a dry run, compared
// with what the shop says, and only where both agree placed and settled, in one append. Going on after a break is starting again.
import { LedgerError, type ManualAction, type SubscriptionView } from '@paidonce/ledger';
import type { SubscriptionPolicy } from '@paidonce/ledger/adapter';
import { endCheckout } from '../intake/end-checkout.ts';
import type { BegunLook } from '../intake/subscription-look.ts';
import { isEnded } from '../mapping/lifecycle.ts';
import { isNotAllowed } from '../stripe/stripe-failure.ts';
import type { BatchContext } from './batch-context.ts';
import { type ImportedSubscriptions, ImportTally, isGrant } from './imported-subscriptions.ts';
import { compareWithShop } from './shop-comparison.ts';
import { type NamedSubscription, refuseUnknownPlans } from './shop-subscriptions.ts';
import { beginById, readWhole, unread, type WholeSubscription } from './whole-subscription.ts';

export interface ImportOptions {
  readonly subscriptions: readonly NamedSubscription[];
  /** True: decide and compare, and change nothing. Default false. */
  readonly dryRun?: boolean;
  /** Who imports, and why: it stays in the log. */
  readonly by: ManualAction;
  readonly onProgress?: (what: string, count: number) => void;
}

/**
 * @throws LedgerError `invalid_input`: the ledger keeps no subscriptions, or the policy lacks a plan; nothing was done.
 *   `provider_unavailable`, or a code of the store: run it again.
 */
export async function importSubscriptions(work: BatchContext, options: ImportOptions): Promise<ImportedSubscriptions> {
  const readsBefore = work.reads.count;
  const tally = new ImportTally(options.onProgress);
  const run = new ImportRun(work, options, tally);
  for (const each of options.subscriptions) await run.take(each);
  return { ...tally.counts, calls: work.reads.count - readsBefore };
}

/** How the shop's subscriptions are taken in. `granting`: what is paid and not active at the shop becomes a membership that is delivered. */
interface RunOptions extends ImportOptions {
  readonly granting?: boolean;
}

interface Slotted {
  readonly subscriptionId: string;
  readonly memberId: string;
  readonly kind: string;
}

export class ImportRun {
  readonly #work: BatchContext;
  readonly #options: RunOptions;
  readonly #tally: ImportTally;
  /** Living ones of this run, by member and kind: a dry run takes no slot. */
  readonly #living = new Map<string, string>();

  /** @throws LedgerError `invalid_input`: the ledger keeps no subscriptions, or the policy lacks a plan of one. */
  constructor(work: BatchContext, options: RunOptions, tally: ImportTally) {
    refuseUnknownPlans(options.subscriptions, policyOf(work));
    this.#work = work;
    this.#options = options;
    this.#tally = tally;
  }

  /** @param begun the first read, where it was made already. */
  async take(shop: NamedSubscription, begun?: BegunLook): Promise<void> {
    const { ledger, accounts } = this.#work;
    const { subscription, subscriptionId = subscription, account = await accounts.own() } = shop;
    this.#tally.examine();
    const known = await ledger.subscriptionOf(subscription);
    if (known && known.subscriptionId === subscriptionId && known.memberId === shop.memberId) {
      this.#tally.done('known', subscription, known);
      if (this.#options.dryRun !== true) await this.#takeSlot(known); // An import may have died before it did.
      return;
    }
    if (known) return this.#problem(shop, `it is subscription ${known.subscriptionId} of member ${known.memberId} here`);
    try {
      const first = begun ?? (await beginById(subscription, account, this.#work));
      const read = first ? await readWhole(first, this.#work) : { problem: unread.missing };
      if ('problem' in read) return this.#problem(shop, read.problem);
      await this.#takeRead(shop, read, subscriptionId);
    } catch (error) {
      // Another account, or what the ledger refuses: the others can be taken all the same.
      if (isNotAllowed(error) && account !== (await accounts.own())) return this.#problem(shop, `our key may not read ${account}`);
      if (!(error instanceof LedgerError && error.code === 'invalid_input')) throw error;
      this.#problem(shop, error.message);
    }
  }

  async #takeRead(shop: NamedSubscription, read: WholeSubscription, subscriptionId: string): Promise<void> {
    const { ledger } = this.#work;
    const { memberId, plan, kind = 'membership', subscription } = shop;
    const { account, livemode } = read.subscription;
    const placed = { subscriptionId, memberId, plan, kind, account, livemode, placedAt: ledger.runtime.now().toISOString() };
    const { result, before, after } = await ledger.forAdapters.subscriptions.wouldImport(placed, read);
    if (result.outcome === 'belongs_to') return this.#problem(shop, `it belongs to subscription ${result.subscriptionId} here`);
    if (result.outcome === 'exists') return this.#takeExisting(shop, read, before);
    if (after === undefined) return;
    const difference = compareWithShop(shop, after);
    const isDue = this.#options.granting === true && difference?.kinds.join() === 'paid_but_inactive';
    if (difference && !isDue) return this.#tally.differs(difference);
    if (isDue) return this.#grant(shop, read, placed, after);
    if (this.#options.dryRun === true) {
      this.#tally.done('imported', subscription, after);
      return this.#noteLiving(read, { subscriptionId, memberId, kind });
    }
    await ledger.importSubscription(placed, read, this.#options.by);
    const view = await ledger.subscription(subscriptionId);
    this.#tally.done('imported', subscription, view);
    if (view) await this.#takeSlot(view);
  }

  /** Placed before, without Stripe's subscription, as by a checkout whose events were lost. */
  async #takeExisting(shop: NamedSubscription, read: WholeSubscription, before: SubscriptionView | undefined): Promise<void> {
    if (before?.reference) return this.#problem(shop, `${before.subscriptionId} follows ${before.reference.id} here`);
    if (before?.memberId !== shop.memberId)
      return this.#problem(shop, `${before?.subscriptionId} was placed for member ${before?.memberId}`);
    if (this.#options.granting !== true) {
      const remedy = 'it is placed here and has not begun, as if it were new: run backfill --subscriptions';
      return this.#problem(shop, remedy);
    }
    await this.observe(read, before.subscriptionId, shop.name);
  }

  /** What nobody was given yet: as of any subscription, the shop is informed. */
  async #grant(
    shop: NamedSubscription,
    read: WholeSubscription,
    { placedAt: _, ...placed }: { readonly placedAt: string } & Parameters<BatchContext['ledger']['placeSubscription']>[0],
    would: SubscriptionView,
  ): Promise<void> {
    const { ledger } = this.#work;
    if (this.#options.dryRun === true) {
      this.#tally.done('granted', shop.subscription, would);
      return this.#noteLiving(read, { kind: 'membership', ...placed });
    }
    await ledger.placeSubscription(placed);
    await this.observe(read, placed.subscriptionId, shop.name);
  }

  /** Records what was read in a subscription that is placed; the shop is informed of what is decided. */
  async observe(read: WholeSubscription, subscriptionId: string, name: string): Promise<void> {
    const { ledger } = this.#work;
    const said = { ...read, subscriptionId, source: 'poll' as const };
    const isDry = this.#options.dryRun === true;
    const { subscriptions } = ledger.forAdapters;
    const dry = isDry ? await subscriptions.wouldObserve(said) : undefined;
    const { outcome } = dry?.result ?? (await ledger.observeSubscription(said));
    const view = isDry ? dry?.after : await ledger.subscription(subscriptionId);
    if (isGrant(outcome)) this.#tally.done('granted', read.subscription.id, view);
    else if (outcome === 'duplicate') this.#tally.done('known', read.subscription.id, view);
    else this.#tally.problem(`${name}: ${read.subscription.id} gives no access: see \`paidonce explain ${subscriptionId}\``);
    if (!isDry && view) await this.#takeSlot(view);
  }

  /** S13: who has a living subscription starts no other one. Pages that are still open lead to none. */
  async #takeSlot({ subscriptionId, memberId, reference }: SubscriptionView): Promise<void> {
    const { ledger, accounts, ourLedger } = this.#work;
    const { subscriptions } = ledger.forAdapters;
    const known = reference && (await subscriptions.known(reference));
    if (known?.lifecycle === undefined || isEnded(known.lifecycle)) return;
    const taken = await subscriptions.takeSlot(subscriptionId);
    if (taken.outcome === 'held') return this.#tally.problem(twoLiving(memberId, subscriptionId, taken.by));
    for (const earlier of taken.earlier) {
      for (const { payment } of (await ledger.subscription(earlier))?.checkouts ?? [])
        await endCheckout(await accounts.calls(payment.account), payment.id, { scope: ourLedger.scope, runtime: ledger.runtime });
    }
  }

  /** What `#takeSlot` would say. */
  async #noteLiving({ statements }: WholeSubscription, { subscriptionId, memberId, kind }: Slotted): Promise<void> {
    const lives = statements.some(({ fact }) => fact.kind === 'lifecycle' && !isEnded(fact));
    if (!lives) return;
    const slot = `${memberId} ${kind}`;
    const other = this.#living.get(slot) ?? (await this.#work.ledger.forAdapters.subscriptions.livingHolder(memberId, kind));
    if (other === undefined) this.#living.set(slot, subscriptionId);
    else this.#tally.problem(twoLiving(memberId, subscriptionId, other));
  }

  #problem({ name, subscription }: NamedSubscription, problem: string): void {
    this.#tally.problem(`${name}: ${subscription}: ${problem}`);
  }
}

function twoLiving(memberId: string, subscriptionId: string, other: string): string {
  return `member ${memberId} has two living subscriptions, ${other} and ${subscriptionId}, and pays for both. End one at Stripe`;
}

/** @throws LedgerError `invalid_input`: the ledger keeps no subscriptions. */
export function policyOf({ ledger, subscriptions }: BatchContext): SubscriptionPolicy {
  const { policy } = ledger.forAdapters.subscriptions;
  if (policy !== undefined && subscriptions !== undefined) return policy;
  throw new LedgerError('invalid_input', 'This ledger keeps no subscriptions. Give createPaymentLedger the option `subscriptions`');
}
