// A webhook of Stripe: signature, then parse, then the ledger, and only then an acknowledgement (law 8). Stripe sends
// again whatever is not acknowledged, for three days, and then disables the endpoint; so whatever it signed is
// acknowledged, understood or not, and an error is thrown only where a retry can help.
import { createHash } from 'node:crypto';
import type { Log, PaymentLedger, Runtime } from '@paidonce/ledger';
import type Stripe from 'stripe';
import { claimOf } from './claim.ts';
import type { Intake, Taken } from './intake.ts';
import { eventSchema, failedPath, identityOf, isId, type StripeEvent } from './stripe-objects.ts';
import { isoTime } from './to-observation.ts';
import { signedBy, type WebhookSecret } from './webhook-signature.ts';
import { knowsOrder } from './what-is-ours.ts';

export interface WebhookAnswer {
  /** `bad_signature`: refuse it with 400. All others: acknowledge with 2xx. */
  readonly outcome: 'recorded' | 'duplicate' | 'held' | 'not_ours' | 'ignored' | 'unreadable' | 'bad_signature';
}

export interface WebhookParts {
  readonly stripe: Stripe;
  readonly ledger: PaymentLedger;
  readonly secrets: readonly WebhookSecret[];
  readonly intake: Intake;
  readonly account: () => Promise<string>;
  readonly runtime: Runtime;
  readonly scope: string;
  readonly log: Log;
}

export class Webhook {
  readonly #parts: WebhookParts;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  /** @throws LedgerError where the store or Stripe did not answer: refuse it with 503, and Stripe sends it again. */
  async handle(body: Uint8Array, signature: string): Promise<WebhookAnswer> {
    const secret = await signedBy(body, signature, this.#parts.secrets, this.#parts);
    if (secret === undefined) {
      this.#parts.log.warn({ bytes: body.length }, 'a webhook was refused: its signature is not of our secrets, or not of now');
      return { outcome: 'bad_signature' };
    }
    const parsed = parseJson(body);
    const { id, object } = identityOf(parsed);
    if (object === 'v2.core.event') {
      this.#parts.log.info({ eventId: id }, 'a thin event was ignored: its snapshot twin or the poll tells the same');
      return { outcome: 'ignored' };
    }
    const event = eventSchema.safeParse(parsed);
    if (event.success && object === 'event') return { outcome: outcomeOf(await this.#take(event.data, secret)) };
    await this.#keep(body, parsed, event.success ? 'object' : failedPath(event.error));
    return { outcome: 'unreadable' };
  }

  async #take(event: StripeEvent, secret: WebhookSecret): Promise<Taken> {
    const { account, created, livemode, id: eventId, api_version: apiVersion } = event;
    const { object } = event.data;
    if (secret.livemode !== undefined && secret.livemode !== livemode && !(await this.#concernsUs(object))) return { outcome: 'ignored' };
    const way = {
      account: account ?? secret.account ?? (await this.#parts.account()),
      livemode,
      asOf: isoTime(created),
      happenedAt: isoTime(created),
      eventId,
      ...(apiVersion === null ? {} : { apiVersion }),
      source: 'webhook' as const,
    };
    return this.#parts.intake.take(object, way);
  }

  /** Live Connect endpoints get test events by design. */
  async #concernsUs(object: unknown): Promise<boolean> {
    return knowsOrder(claimOf(identityOf(object), this.#parts.scope), this.#parts.ledger);
  }

  /** Signed by Stripe, and no event that we know. */
  async #keep(body: Uint8Array, parsed: unknown, path: string): Promise<void> {
    const sha256 = createHash('sha256').update(body).digest('hex');
    const { id } = identityOf(parsed);
    const type = typeof parsed === 'object' && parsed !== null && 'type' in parsed ? String(parsed.type) : '';
    await this.#parts.ledger.recordUnreadable({
      objectId: id ?? `sha256:${sha256}`,
      ...(id === undefined ? {} : { eventId: id }),
      type: isId(type) ? type : 'unknown',
      sha256,
      path,
    });
  }
}

/** Undefined where it is no JSON. */
function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function outcomeOf({ outcome }: Taken): WebhookAnswer['outcome'] {
  switch (outcome) {
    case 'granted':
    case 'suspended':
    case 'restored':
    case 'revoked':
    case 'review':
    case 'recorded':
      return 'recorded';
    default:
      return outcome;
  }
}
