// Takes in events of Stripe, sent to a webhook or listed by the poll: which object each is about, and how current its copy
// is. Two events with different ids can report one fact, so event ids are not remembered.
import type { PaymentLedger } from '@paidonce/ledger';
import type { StripeSource } from '../mapping/provenance.ts';
import { isoTime } from '../mapping/received.ts';
import { subscriptionClaimOf } from '../mapping/subscription-claim.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { billingTypes } from '../stripe/billing-types.ts';
import { apiVersion as ourVersion, releaseOf } from '../stripe/client.ts';
import { isIdle, isIdleBilling, isWorthNoCall, timesOf } from '../stripe/event-types.ts';
import { readableTypes } from '../stripe/readable-types.ts';
import type { StripeEvent, StripeThinEvent } from '../stripe/stripe-event-objects.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import type { Intake } from './intake.ts';
import type { IntakeResult } from './intake-result.ts';
import type { OurLedger } from './our-ledger.ts';
import { findOrder } from './ownership.ts';
import type { SubscriptionIntake } from './subscription-intake.ts';

export interface StripeEventsParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly intake: Intake;
  readonly ourLedger: OurLedger;
  /** Absent: objects of subscriptions are ignored. */
  readonly subscriptions?: Pick<SubscriptionIntake, 'take' | 'takeById'>;
}

/** What is known of an event besides its content. */
export interface EventProvenance {
  readonly source: StripeSource;
  /** The account of events that name none. Default: the key's own. */
  readonly account?: string;
  /** The mode of the endpoint whose secret signed it. Default: both modes count. */
  readonly livemode?: boolean;
}

export class StripeEvents {
  readonly #parts: StripeEventsParts;

  constructor(parts: StripeEventsParts) {
    this.#parts = parts;
  }

  /** Takes in an event with a copy of the object, in the shape of the endpoint's API version. @throws LedgerError as `Intake.take`. */
  async takeSnapshot(event: StripeEvent, { source, account, livemode }: EventProvenance): Promise<IntakeResult> {
    const { accounts, subscriptions } = this.#parts;
    const { created, id: eventId, api_version: apiVersion } = event;
    const { object } = event.data;
    const ofSubscription = isOfSubscription(object) ? subscriptions : undefined;
    if (ofSubscription ? isIdleBilling(event.type, object) : isIdle(event.type) || isOfNoPayment(object)) return { outcome: 'ignored' };
    // Live Connect endpoints receive test events by design.
    if (livemode !== undefined && livemode !== event.livemode && !(await this.#concernsUs(object))) return { outcome: 'ignored' };
    const isForeign = apiVersion !== null && releaseOf(apiVersion) !== releaseOf(ourVersion);
    if (isForeign && isWorthNoCall(event.type) && !(await this.#isUnderWay(identityOf(object).id))) return { outcome: 'ignored' };
    return (ofSubscription ?? this.#parts.intake).take(object, {
      source,
      account: event.account ?? account ?? (await accounts.own()),
      livemode: event.livemode,
      asOf: isoTime(created),
      ...timesOf(event.type, isoTime(created)),
      eventId,
      ...(apiVersion === null ? {} : { apiVersion }),
      form: isForeign ? 'foreign_snapshot' : 'snapshot',
    });
  }

  /** Takes in an event without a copy: the object is read before it counts. @throws LedgerError as `Intake.take`. */
  async takeThin(event: StripeThinEvent, { source, account, livemode }: EventProvenance): Promise<IntakeResult> {
    const { accounts, intake, subscriptions } = this.#parts;
    const { created, id: eventId, related_object: related } = event;
    const type = readableTypes.find((each) => each === related?.type);
    const billingType = subscriptions && billingTypes.find((each) => each === related?.type);
    if (related === null || (type === undefined && billingType === undefined)) return { outcome: 'ignored' };
    if (isIdle(event.type) || isIdleBilling(event.type)) return { outcome: 'ignored' };
    if (isWorthNoCall(event.type) && !(await this.#isUnderWay(related.id))) return { outcome: 'ignored' };
    // Our key cannot read an object of the other mode, and the ledger knows no id of it.
    if (livemode !== undefined && livemode !== event.livemode) return { outcome: 'ignored' };
    const provenance = {
      source,
      account: event.account ?? account ?? (await accounts.own()),
      livemode: event.livemode,
      asOf: created,
      ...timesOf(event.type, created),
      eventId,
    };
    if (subscriptions && billingType !== undefined) return subscriptions.takeById(billingType, related.id, provenance);
    return type === undefined ? { outcome: 'ignored' } : intake.takeById(type, related.id, provenance);
  }

  /** True if a debit is being collected: its last word may be an attempt that failed. */
  async #isUnderWay(payment: string | undefined): Promise<boolean> {
    return payment !== undefined && (await this.#parts.ledger.orderOf(payment))?.payment === 'processing';
  }

  async #concernsUs(object: unknown): Promise<boolean> {
    const { ourLedger, ledger } = this.#parts;
    const claim = await ourLedger.claimOf(identityOf(object));
    if (await findOrder(claim, ledger)) return true;
    for (const name of [...claim.references, ...subscriptionClaimOf(object, ourLedger.scope).references]) {
      if (await ledger.forAdapters.subscriptions.ownerOf(name)) return true;
    }
    return false;
  }
}

/** An object of Stripe Billing, or the session that begins a subscription. */
function isOfSubscription(object: unknown): boolean {
  if (typeof object !== 'object' || object === null || !('object' in object)) return false;
  if (object.object === 'checkout.session') return 'mode' in object && object.mode === 'subscription';
  return billingTypes.some((each) => each === object.object);
}

/** An object without a name may be anything, and is recorded by its id. */
function isOfNoPayment(object: unknown): boolean {
  const { object: type } = identityOf(object);
  return type !== undefined && !readableTypes.some((each) => each === type);
}
