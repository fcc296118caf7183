// Events of Stripe, pushed to a webhook or listed by the poll: of which object each speaks, and in what state that
// object comes to the intake. Two events with different ids can tell one fact, so nothing is remembered of events.
import type { PaymentLedger } from '@paidonce/ledger';
import type Stripe from 'stripe';
import { claimOf } from '../mapping/claim.ts';
import type { StripeSource } from '../mapping/provenance.ts';
import { isoTime } from '../mapping/to-observation.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { readableTypes } from '../stripe/stripe-calls.ts';
import type { StripeEvent, StripeThinEvent } from '../stripe/stripe-event-objects.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import type { Intake, IntakeResult } from './intake.ts';
import { findOrder } from './ownership.ts';

export interface StripeEventsParts {
  readonly stripe: Stripe;
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly intake: Intake;
  readonly scope: string;
}

/** What is known of an event beside what it says. */
export interface EventProvenance {
  readonly source: StripeSource;
  /** Where the event names none. */
  readonly account?: string;
  /** Whoever told us of it speaks for this mode. */
  readonly livemode?: boolean;
}

export class StripeEvents {
  readonly #parts: StripeEventsParts;
  /** Releases of one name are shaped alike. */
  readonly #release: string;

  constructor(parts: StripeEventsParts) {
    this.#parts = parts;
    this.#release = releaseOf(String(parts.stripe.getApiField('version')));
  }

  /** With a copy of the object, in the shape of the endpoint's API version. */
  async takeSnapshot(event: StripeEvent, { source, account, livemode }: EventProvenance): Promise<IntakeResult> {
    const { accounts, intake } = this.#parts;
    const { created, id: eventId, api_version: apiVersion } = event;
    const { object } = event.data;
    // Live Connect endpoints get test events by design.
    if (livemode !== undefined && livemode !== event.livemode && !(await this.#concernsUs(object))) return { outcome: 'ignored' };
    const isForeign = apiVersion !== null && releaseOf(apiVersion) !== this.#release;
    return intake.take(object, {
      source,
      account: event.account ?? account ?? (await accounts.own()),
      livemode: event.livemode,
      asOf: isoTime(created),
      happenedAt: isoTime(created),
      eventId,
      ...(apiVersion === null ? {} : { apiVersion }),
      form: isForeign ? 'foreign_snapshot' : 'snapshot',
    });
  }

  /** Without a copy: the object is fetched before it counts. */
  async takeThin(event: StripeThinEvent, { source, account, livemode }: EventProvenance): Promise<IntakeResult> {
    const { accounts, intake } = this.#parts;
    const { created, id: eventId, related_object: related } = event;
    const type = readableTypes.find((each) => each === related?.type);
    if (related === null || type === undefined) return { outcome: 'ignored' };
    // Of the other mode our key cannot see it, and the ledger knows no id of it.
    if (livemode !== undefined && livemode !== event.livemode) return { outcome: 'ignored' };
    return intake.takeById(type, related.id, {
      source,
      account: event.account ?? account ?? (await accounts.own()),
      livemode: event.livemode,
      asOf: created,
      happenedAt: created,
      eventId,
    });
  }

  async #concernsUs(object: unknown): Promise<boolean> {
    const { scope, ledger } = this.#parts;
    return (await findOrder(claimOf(identityOf(object), scope), ledger)) !== undefined;
  }
}

/** `endive` of `2026-10-28.endive`; older versions are a date alone, and each is its own release. */
function releaseOf(version: string): string {
  return version.split('.')[1] ?? version;
}
