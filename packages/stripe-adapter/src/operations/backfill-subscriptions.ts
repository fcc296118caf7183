// The subscriptions at Stripe that the ledger lacks: those that bear our mark, as after a lost log or lost events, and those that the
// shop's list names. What the shop serves already is imported and settled; what nobody was given becomes a membership, and is delivered.
import type { BegunLook } from '../intake/subscription-look.ts';
import type { SubscriptionClaim } from '../mapping/subscription-claim.ts';
import { subscriptionClaimOf } from '../mapping/subscription-claim.ts';
import { isNotAllowed } from '../stripe/stripe-failure.ts';
import { accountsInScope, type BatchContext, everyObject } from './batch-context.ts';
import { type ImportOptions, ImportRun } from './import-subscriptions.ts';
import { type ImportedSubscriptions, ImportTally } from './imported-subscriptions.ts';
import type { NamedSubscription } from './shop-subscriptions.ts';
import { begunWith, readWhole } from './whole-subscription.ts';

/** Stripe's clock may be ahead of ours. */
const slackMs = 3_600_000;

/** @throws LedgerError as `importSubscriptions`. */
export async function backfillSubscriptions(work: BatchContext, options: ImportOptions): Promise<ImportedSubscriptions> {
  const readsBefore = work.reads.count;
  const tally = new ImportTally(options.onProgress);
  const run = new ImportRun(work, { ...options, granting: true }, tally);
  const own = await work.accounts.own();
  const listed = new Map(options.subscriptions.map((each) => [each.subscription, each]));
  const accounts = new Set([...(await accountsInScope(work)).accounts, ...options.subscriptions.map(({ account = own }) => account)]);
  for (const account of accounts) {
    try {
      await new AccountRun(work, account, run, tally, listed).takeAll();
    } catch (error) {
      if (account === own || !isNotAllowed(error)) throw error;
      tally.problem(`${account}: our key may not read it, and it has subscriptions here`);
    }
  }
  for (const each of listed.values()) await run.take(each); // Stripe lists none of it: then it says so.
  return { ...tally.counts, calls: work.reads.count - readsBefore };
}

/** The work on one account. */
class AccountRun {
  readonly #work: BatchContext;
  readonly #account: string;
  readonly #run: ImportRun;
  readonly #tally: ImportTally;
  /** Those that no account has shown yet. */
  readonly #listed: Map<string, NamedSubscription>;

  constructor(work: BatchContext, account: string, run: ImportRun, tally: ImportTally, listed: Map<string, NamedSubscription>) {
    this.#work = work;
    this.#account = account;
    this.#run = run;
    this.#tally = tally;
    this.#listed = listed;
  }

  async takeAll(): Promise<void> {
    const { accounts, ledger, ourLedger } = this.#work;
    const { billing } = await accounts.calls(this.#account);
    const list = everyObject((window) => billing.subscriptions(window, 'newest_invoice'), 0, ledger.runtime.now().getTime() + slackMs);
    for await (const { object, answer } of list) {
      const claim = await ourLedger.judgeSubscription(subscriptionClaimOf(object, ourLedger.scope));
      const { subscription = '' } = claim;
      const shop = this.#listed.get(subscription);
      this.#listed.delete(subscription);
      if (shop) await this.#run.take(shop, await begunWith(object, answer, this.#account, this.#work));
      else if (claim.subscriptionId === undefined) this.#tally.notOurs();
      else await this.#takeMarked(claim, claim.subscriptionId, () => begunWith(object, answer, this.#account, this.#work));
    }
  }

  /** Its own metadata names it. */
  async #takeMarked(claim: SubscriptionClaim, subscriptionId: string, begin: () => Promise<BegunLook>): Promise<void> {
    const { ledger } = this.#work;
    const { subscription = '' } = claim;
    this.#tally.examine();
    const known = await ledger.subscriptionOf(subscription);
    if (known) return this.#tally.done('known', subscription, known);
    if ((await ledger.subscription(subscriptionId)) === undefined) {
      return this.#tally.problem(`${subscription}: it names subscription ${subscriptionId}, which is not placed; list it among --members`);
    }
    const read = await readWhole(await begin(), this.#work);
    if ('problem' in read) this.#tally.problem(`${subscription}: ${read.problem}`);
    else await this.#run.observe(read, subscriptionId, subscription);
  }
}
