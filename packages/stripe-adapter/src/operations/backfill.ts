// The paid orders that never became members: those that bear our mark at Stripe, and those that the shop lists from the
// time before it had a ledger. What the shop has fulfilled is imported, and never delivered again. Going on after a
// break is starting again: what is done is known, and costs no call where the lists show it.

import type { ManualAction, OrderView, PaymentLedger, PaymentReference, Statement } from '@paidonce/ledger';
import { defined, isPaid } from '@paidonce/ledger/adapter';
import { findOrder } from '../intake/ownership.ts';
import { type Mapped, toObservation } from '../mapping/to-observation.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { isNotAllowed } from '../stripe/stripe-failure.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import type { Answer } from '../stripe/stripe-request.ts';
import { awaitedPayment, unpaidText } from './awaited-payment.ts';
import { previewPayment, previewShopOrder } from './backfill-preview.ts';
import { BackfillTally } from './backfill-tally.ts';
import { type Backfilled, causes, refusalText, waitsForOrder } from './backfilled.ts';
import { accountsInScope, type BatchContext, everyObject } from './batch-context.ts';
import { chargedAtStripe } from './provider-payments.ts';
import { refundsAndDisputesOf } from './refresh-payment.ts';
import type { ShopOrder } from './shop-orders.ts';

export interface BackfillOptions {
  /** Sessions and charges since then. */
  readonly since: Date;
  /** The shop's own list. Default: none. */
  readonly orders?: Iterable<ShopOrder>;
  /** True: count, and change nothing. Default false. */
  readonly dryRun?: boolean;
  /** Who imports, and why: it stays in the log. */
  readonly by: ManualAction;
  readonly onProgress?: (what: string, count: number) => void;
}

/** @throws LedgerError `provider_unavailable`, `invalid_input`, or a code of the store; run it again. */
export async function backfill(work: BatchContext, options: BackfillOptions): Promise<Backfilled> {
  const readsBefore = work.reads.count;
  const tally = new BackfillTally(options.onProgress);
  const own = await work.accounts.own();
  const runs = new Map<string, Run>();
  const on = async (account: string): Promise<Run> => {
    const run = runs.get(account) ?? new Run(work, account, await work.accounts.calls(account), options, tally);
    runs.set(account, run);
    return run;
  };
  for (const order of options.orders ?? []) await (await on(order.account ?? own)).shopOrder(order);
  for (const account of new Set([...(await accountsInScope(work)).accounts, ...runs.keys()])) {
    const run = await on(account);
    try {
      await run.scopedSessions();
      await run.scopedIntents();
    } catch (error) {
      if (account === own || !isNotAllowed(error)) throw error;
      tally.problem(`${account}: our key may not read it, and it has orders here`);
    }
  }
  return { ...tally.counts, calls: work.reads.count - readsBefore };
}

/** The work on one account. */
class Run {
  readonly #work: BatchContext;
  readonly #account: string;
  readonly #calls: StripeCalls;
  readonly #options: BackfillOptions;
  readonly #tally: BackfillTally;
  /** Payments of the shop's own list, and of the sessions read so far. */
  readonly #done = new Set<string>();

  constructor(work: BatchContext, account: string, calls: StripeCalls, options: BackfillOptions, tally: BackfillTally) {
    this.#work = work;
    this.#account = account;
    this.#calls = calls;
    this.#options = options;
    this.#tally = tally;
  }

  async shopOrder(order: ShopOrder): Promise<void> {
    this.#tally.order();
    this.#done.add(order.paymentId);
    const known = await this.#work.ledger.order(order.orderId);
    if (known && known.membership !== 'none') return this.#tally.add('known');
    const session = await this.#sessionOf(order.paymentId);
    const mapped = session && toObservation(session.object, this.#contextOf(session), this.#work.ourLedger.scope);
    if (session === undefined || mapped === undefined) return this.#tally.unpaid(order, 'Stripe has no such payment');
    if (mapped.kind !== 'statement' || !isPaid(mapped.statement.fact)) return this.#await(order, session, mapped);
    const { statement } = mapped;
    const names = [statement.payment.id, order.paymentId, ...(statement.aliases ?? [])];
    for (const name of names) this.#done.add(name);
    const owner = await ownerOf(names, this.#work.ledger);
    if (owner !== undefined && owner !== order.orderId) {
      const refusal = refusalText({ outcome: 'belongs_to', orderId: owner }, order.paymentId);
      return this.#tally.problem(`${order.orderId}: ${refusal}`);
    }
    if (!(await this.#recordRefundsAndDisputes(statement, order.orderId, order.orderId))) return;
    if (order.fulfilled) return this.#import(order, statement);
    await this.#grant(order, statement, session);
  }

  /** An order that is not paid: if a payment on our own object may still come, it is placed and attached, so that it will count. */
  async #await(order: ShopOrder, session: Answer, mapped: Mapped): Promise<void> {
    if (mapped.kind === 'not_understood') return this.#tally.problem(`${order.orderId}: ${causes.unreadable}`);
    const { ourLedger, intake } = this.#work;
    const awaited = awaitedPayment(session.object, mapped, this.#account);
    if (awaited && this.#options.dryRun !== true && (await ourLedger.made(identityOf(session.object)))) {
      const { payment, expiresAt } = awaited;
      if (!(await this.#placeAndAttach(order, payment, defined({ expiresAt })))) return;
      if (mapped.kind === 'statement') await intake.take(session.object, { ...this.#contextOf(session), source: 'poll' });
    }
    this.#tally.unpaid(order, unpaidText(mapped));
  }

  /** Sessions with our mark; those of the shop's own list are done. */
  async scopedSessions(): Promise<void> {
    const { ledger, ourLedger } = this.#work;
    const toMs = ledger.runtime.now().getTime() + 3_600_000;
    const list = everyObject((window) => this.#calls.completeSessions(window), this.#options.since.getTime(), toMs);
    for await (const { object, answer } of list) {
      const claim = await ourLedger.claimOf(identityOf(object));
      if (claim.references.some((reference) => this.#done.has(reference))) continue;
      for (const reference of claim.references) this.#done.add(reference);
      this.#tally.order();
      const order = await findOrder(claim, ledger);
      if (order === undefined && !claim.hasOurScope) this.#tally.add('notOurs');
      else if (order && order.membership !== 'none') this.#tally.add('known');
      else await this.#backfillObject(object, order, answer);
    }
  }

  async #backfillObject(object: unknown, order: OrderView | undefined, answer: Pick<Answer, 'asOf' | 'apiVersion'>): Promise<void> {
    const mapped = toObservation(object, this.#contextOf(answer), this.#work.ourLedger.scope);
    const statement = mapped.kind === 'statement' && isPaid(mapped.statement.fact) ? mapped.statement : undefined;
    const name = order?.orderId ?? identityOf(object).id ?? '';
    if (statement && !(await this.#recordRefundsAndDisputes(statement, name, order?.orderId))) return;
    if (this.#options.dryRun !== true) {
      const result = await this.#work.intake.take(object, { ...this.#contextOf(answer), source: 'poll' });
      if (statement && order === undefined && waitsForOrder.has(result.outcome)) this.#tally.problem(`${name}: ${causes.notPlaced}`);
      else if (!statement && order && (result.outcome === 'recorded' || result.outcome === 'duplicate')) this.#tally.add('known');
      else this.#tally.result(result, name);
    } else if (mapped.kind === 'not_understood') this.#tally.problem(`${name}: ${causes.unreadable}`);
    else if (!statement && order && mapped.kind === 'statement') this.#tally.add('known');
    else if (!statement) this.#tally.add('unpaid');
    else if (order) this.#tally.result(await previewPayment(statement, order, this.#work.ledger), name);
    else this.#tally.problem(`${name}: ${causes.notPlaced}`);
  }

  /** Records refunds and disputes before the payment, so that what was undone since grants nothing. False: stop here, it is a dry run. */
  async #recordRefundsAndDisputes({ payment }: Statement, name: string, orderId?: string): Promise<boolean> {
    if (!payment.id.startsWith('pi_')) return true; // It cost nothing.
    const { livemode, account } = payment;
    const provenance = { source: 'poll' as const, account, livemode, ...defined({ orderId }) };
    const back = await refundsAndDisputesOf(payment.id, provenance, this.#calls);
    if (back.length > 0) this.#tally.wentBack.add(name);
    if (this.#options.dryRun === true && back.length > 0) {
      this.#tally.problem(`${name}: ${causes.wentBack}`);
      return false;
    }
    for (const each of back) await this.#work.intake.take(each.object, each.provenance);
    return true;
  }

  /** Payment intents that the shop made itself: no session shows them, but the balance does. */
  async scopedIntents(): Promise<void> {
    const { ledger, ourLedger } = this.#work;
    const onUnread = (objectId: string): void => this.#tally.problem(`${objectId}: it cannot be read`);
    const parts = { account: this.#account, calls: this.#calls, work: this.#work, since: this.#options.since, onUnread };
    for await (const paid of chargedAtStripe(parts)) {
      if (
        paid === 'not_ours' ||
        paid.ofSubscription !== undefined ||
        this.#done.has(paid.id) ||
        (await ledger.orderOf(paid.id))?.membership === 'active'
      )
        continue;
      this.#done.add(paid.id);
      this.#tally.order();
      const answer = await this.#calls.intent(paid.id);
      const order = answer && (await findOrder(await ourLedger.claimOf(identityOf(answer.object)), ledger));
      if (answer === undefined) this.#tally.problem(`${paid.id}: a charge without a payment intent is no order of ours`);
      else if (order && order.membership !== 'none') this.#tally.add('known');
      else await this.#backfillObject(answer.object, order, answer);
    }
  }

  async #import(order: ShopOrder, statement: Statement): Promise<void> {
    const { ledger } = this.#work;
    if (this.#options.dryRun === true) return this.#preview(order, statement);
    const { fulfilled: _, paymentId, ...placed } = order;
    const { account, livemode } = statement.payment;
    const result = await ledger.importOrder({ ...placed, account, livemode }, statement, this.#options.by);
    if (result.outcome === 'imported') this.#tally.add('imported');
    else if (result.outcome === 'exists') this.#tally.add('known');
    else if (result.outcome === 'not_entitled') this.#tally.notEntitled(order.orderId);
    else if (result.outcome === 'differs' || result.outcome === 'belongs_to')
      this.#tally.problem(`${order.orderId}: ${refusalText(result, paymentId)}`);
  }

  /** What `#import` and `#grant` would do. */
  async #preview(order: ShopOrder, statement: Statement): Promise<void> {
    const preview = await previewShopOrder(order, statement, this.#work.ledger);
    if ('refused' in preview) this.#tally.problem(`${order.orderId}: ${preview.refused}`);
    else if (preview.outcome === 'review') this.#tally.notEntitled(order.orderId);
    else this.#tally.add(order.fulfilled ? 'imported' : 'granted');
  }

  /** Attached like any other checkout, so that later reports of Stripe count for the order too. */
  async #grant(order: ShopOrder, statement: Statement, session: Answer): Promise<void> {
    if (this.#options.dryRun === true) return this.#preview(order, statement);
    if (!(await this.#placeAndAttach(order, { ...statement.payment, id: order.paymentId }))) return;
    const result = await this.#work.intake.take(session.object, { ...this.#contextOf(session), source: 'poll' });
    const hasWaited = result.outcome === 'duplicate' && (await this.#work.ledger.order(order.orderId))?.membership === 'active';
    if (hasWaited) this.#tally.add('granted');
    else if (result.outcome === 'review') this.#tally.notEntitled(order.orderId);
    else this.#tally.result(result, order.orderId);
  }

  /** False: it cannot be, and a person must look. */
  async #placeAndAttach(order: ShopOrder, payment: PaymentReference, until: { readonly expiresAt?: string } = {}): Promise<boolean> {
    const { ledger } = this.#work;
    const { fulfilled: _, paymentId: __, placedAt: ___, ...placed } = order;
    const { account, livemode } = payment;
    const result = await ledger.placeOrder({ ...placed, account, livemode });
    if (result.outcome === 'differs') {
      this.#tally.problem(`${order.orderId}: ${refusalText(result, order.paymentId)}`);
      return false;
    }
    const attached = await ledger.attachCheckout(order.orderId, payment, until);
    if (attached.outcome === 'belongs_to') this.#tally.problem(`${order.orderId}: ${refusalText(attached, order.paymentId)}`);
    return attached.outcome !== 'belongs_to';
  }

  #sessionOf(paymentId: string): Promise<Answer | undefined> {
    if (paymentId.startsWith('cs_')) return this.#calls.session(paymentId);
    return this.#calls.sessionOfIntent(paymentId).then((session) => session ?? this.#calls.intent(paymentId));
  }

  #contextOf({ asOf, apiVersion }: Pick<Answer, 'asOf' | 'apiVersion'>) {
    return { account: this.#account, asOf, ...defined({ apiVersion }) };
  }
}

/** The order that has a payment under one of its names. Undefined: none has it. */
async function ownerOf(names: readonly string[], ledger: PaymentLedger): Promise<string | undefined> {
  for (const name of names) {
    const owner = await ledger.orderOf(name);
    if (owner) return owner.orderId;
  }
  return undefined;
}
