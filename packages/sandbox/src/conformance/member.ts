// A subscription in a scenario: how somebody begins it, what happens to it at Stripe while time passes, and what the app must
// then say. What the customer does in Stripe's portal, the kit does over the API.
import type Stripe from 'stripe';
import { systemRuntime } from '../runtime.ts';
import { BrokenPromise } from './broken-promise.ts';
import type { MemberState, StartedSubscription, SubscriptionWish } from './shop-under-test.ts';
import type { Stage } from './stage.ts';

export const HOUR_MS = 3_600_000;
/** A renewal lies as a draft for an hour. */
export const A_MONTH: Passing = { months: 1, ms: 2 * HOUR_MS };
/**
 * From the end of what was paid until nobody may be in any more. The kit's Stripe tries a card for five days and then cancels,
 * and an app may let in a few days longer.
 */
export const GIVEN_UP_DAYS = 10;

export type Passing = Parameters<Stage['sandbox']['advance']>[0] & object;

export interface Member {
  readonly wish: SubscriptionWish;
  readonly started: StartedSubscription;
  /** `sub_…` */
  readonly id: string;
  /** `cus_…` */
  readonly customer: string;
}

/** What the app must say. Access alone, where no more is named. */
export interface Expected {
  readonly access: boolean;
  /** Default: any number if there is no access or it may have come back, else once. */
  readonly welcomed?: readonly number[];
  readonly plan?: SubscriptionWish['plan'];
  readonly quantity?: number;
}

let customers = 0;

/** Somebody new, who wants this. */
export function wishFor(plan: SubscriptionWish['plan'], more: Partial<SubscriptionWish> = {}): SubscriptionWish {
  customers += 1;
  return { memberId: `subscriber-${customers}`, plan, ...more };
}

/** Starts a subscription; nobody has paid it. @throws BrokenPromise if the app does not make a session of it. */
export async function start(stage: Stage, wish: SubscriptionWish): Promise<StartedSubscription> {
  const { memberId, plan, quantity, trialDays } = wish;
  const seats = quantity === undefined ? '' : `, ${quantity} seats`;
  stage.did(
    `Customer ${memberId} chooses the plan ${plan}${seats}${trialDays === undefined ? '' : `, with a trial of ${trialDays} days`}.`,
  );
  const started = await stage.ask('subscriptions.start', async ({ subscriptions }) => subscriptions?.start(wish));
  if (started === undefined) throw new BrokenPromise('subscriptions.start to answer the session', 'nothing');
  const { mode } = await stage.stripe.checkout.sessions.retrieve(started.sessionId);
  if (mode !== 'subscription') throw new BrokenPromise('a session of mode "subscription"', `one of mode "${mode}"`);
  return started;
}

/** The customer pays on Stripe's page. No webhook is sent yet. */
export async function pay(stage: Stage, wish: SubscriptionWish, started: StartedSubscription): Promise<Member> {
  stage.sandbox.pay(started.sessionId);
  stage.did("The customer completes Stripe's page.");
  const { subscription, customer } = await stage.stripe.checkout.sessions.retrieve(started.sessionId);
  const id = String(subscription);
  stage.opened.push(id);
  return { wish, started, id, customer: String(customer) };
}

/** Somebody who has subscribed, paid, and is in: many stories begin here. */
export async function subscribed(
  stage: Stage,
  plan: SubscriptionWish['plan'] = 'monthly',
  more: Partial<SubscriptionWish> = {},
): Promise<Member> {
  const wish = wishFor(plan, more);
  const member = await pay(stage, wish, await start(stage, wish));
  await deliver(stage);
  if (wish.trialDays === undefined) await expectMember(stage, member, { access: true });
  return member;
}

/** Stripe sends what is due. What is not answered with 2xx comes again after an hour. */
export async function deliver(stage: Stage): Promise<void> {
  await stage.sandbox.deliverDue();
}

/** Time passes: Stripe renews, collects and sends webhooks, each at its time. Then the app's own job runs, if it has one. */
export async function pass(stage: Stage, by: Passing, { poll = true }: { readonly poll?: boolean } = {}): Promise<void> {
  stage.did(`${lengthOf(by)} pass.`);
  await stage.sandbox.advance(by);
  await deliver(stage);
  await stage.settled();
  if (poll && stage.has('poll')) await stage.poll();
}

function lengthOf({ months = 0, days = 0, ms = 0 }: Passing): string {
  const parts = [
    months > 0 ? `${months} month${months === 1 ? '' : 's'}` : '',
    days > 0 ? `${days} day${days === 1 ? '' : 's'}` : '',
    ms > 0 ? `${Math.round(ms / HOUR_MS)} hour(s)` : '',
  ];
  return parts.filter((part) => part !== '').join(' and ');
}

/** From now on, no renewal can be charged. */
export function cardFails(stage: Stage, { customer }: Member): void {
  stage.sandbox.changeCard(customer, 'charge_fails');
  stage.did("The customer's card is declined from now on.");
}

/** Changes the subscription at Stripe, as the portal or the dashboard does. */
export async function change(stage: Stage, { id }: Member, what: string, terms: Stripe.SubscriptionUpdateParams): Promise<void> {
  await stage.stripe.subscriptions.update(id, terms);
  stage.did(what);
  await deliver(stage);
}

/** Changes the plan, or the number of seats. */
export async function changeItem(
  stage: Stage,
  member: Member,
  what: string,
  item: Stripe.SubscriptionUpdateParams.Item,
  terms: Stripe.SubscriptionUpdateParams = { proration_behavior: 'always_invoice' },
): Promise<void> {
  const [first] = (await stage.stripe.subscriptions.retrieve(member.id)).items.data;
  await change(stage, member, what, { ...terms, items: [{ ...item, id: first?.id ?? '' }] });
}

/** Its invoices, oldest first. */
export async function invoicesOf(stage: Stage, { id }: Member): Promise<readonly Stripe.Invoice[]> {
  return (await stage.stripe.invoices.list({ subscription: id, limit: 100 })).data.toReversed();
}

/** The id of its newest invoice. */
export async function newestInvoice(stage: Stage, member: Member): Promise<string> {
  return (await invoicesOf(stage, member)).at(-1)?.id ?? '';
}

/** The events about it, its session and its invoices. Oldest first. */
export async function eventsOf(stage: Stage, { id, started, customer }: Member): Promise<readonly Stripe.Event[]> {
  const { data } = await stage.stripe.events.list({ limit: 100 });
  return data.toReversed().filter(({ data: { object } }) => {
    const { id: of, customer: whose } = object as { readonly id?: string; readonly customer?: unknown };
    return of === id || of === started.sessionId || whose === customer;
  });
}

const pollMs = 25;

/** @throws BrokenPromise if the app does not come to say so in time, or does not keep saying so. */
export async function expectMember(stage: Stage, { wish, started }: Pick<Member, 'wish' | 'started'>, expected: Expected): Promise<void> {
  const deadlineMs = systemRuntime.monotonicNowMs() + stage.settings.patienceMs;
  let seen = await stateOf(stage, started);
  while (!fits(seen, expected) && systemRuntime.monotonicNowMs() < deadlineMs) {
    await systemRuntime.sleep(pollMs);
    seen = await stateOf(stage, started);
  }
  if (fits(seen, expected)) {
    await stage.settled();
    seen = await stateOf(stage, started);
  }
  if (fits(seen, expected)) return;
  throw new BrokenPromise(`customer ${wish.memberId}: ${describeExpected(expected)}`, describe(seen, expected));
}

async function stateOf(stage: Stage, started: StartedSubscription): Promise<MemberState> {
  const state = await stage.ask('subscriptions.stateOf', async ({ subscriptions }) => subscriptions?.stateOf(started));
  if (typeof state?.access === 'boolean' && Number.isSafeInteger(state.welcomed)) return state;
  throw new BrokenPromise('stateOf to say `access`, true or false, and `welcomed`, a whole number', JSON.stringify(state));
}

function fits(seen: MemberState, { access, welcomed, plan, quantity }: Expected): boolean {
  const mayBe = welcomed ?? (access ? [1] : undefined);
  return (
    seen.access === access &&
    (mayBe === undefined || mayBe.includes(seen.welcomed)) &&
    (plan === undefined || seen.plan === plan) &&
    (quantity === undefined || seen.quantity === quantity)
  );
}

function describeExpected({ access, plan, quantity, welcomed = [1] }: Expected): string {
  const words = [access ? `access, welcomed ${welcomed.join(' or ')} time(s)` : 'no access'];
  if (plan !== undefined) words.push(`the plan ${plan}`);
  if (quantity !== undefined) words.push(`${quantity} seats`);
  return words.join(', ');
}

function describe({ access, welcomed, plan, quantity }: MemberState, asked: Expected): string {
  const words = [`${access ? 'access' : 'no access'}, welcomed ${welcomed} time(s)`];
  if (asked.plan !== undefined) words.push(`the plan ${plan}`);
  if (asked.quantity !== undefined) words.push(`${quantity} seats`);
  return words.join(', ');
}
