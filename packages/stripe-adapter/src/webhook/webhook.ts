// A webhook of Stripe: signature, then parse, then the ledger, and only then an acknowledgement (law 8). Stripe sends
// again whatever is not acknowledged, for three days, and then disables the endpoint; so whatever it signed is
// acknowledged, understood or not, and an error is thrown only where a retry can help.

import { createHash } from 'node:crypto';
import { LedgerError, type Logger, type PaymentLedger, type Runtime } from '@paidonce/ledger';
import { defined, isId } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';
import type { IntakeResult } from '../intake/intake.ts';
import type { StripeEvents } from '../intake/stripe-events.ts';
import { eventSchema, thinEventSchema } from '../stripe/stripe-event-objects.ts';
import { failedPath, identityOf } from '../stripe/stripe-objects.ts';
import { signedBy, type WebhookSecret } from './webhook-signature.ts';

export interface WebhookAnswer {
  /** `bad_signature`: refuse it with 400. All others: acknowledge with 2xx. */
  readonly outcome: 'recorded' | 'duplicate' | 'held' | 'not_ours' | 'ignored' | 'unreadable' | 'bad_signature';
}

export interface WebhookParts {
  readonly stripe: Stripe;
  readonly ledger: PaymentLedger;
  readonly secrets: readonly WebhookSecret[];
  readonly events: StripeEvents;
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Stripe says that it failed to make events: only a look at the objects finds what they would have told. */
  readonly onEventsMissing: () => void;
}

/** `…_failure.resolved`: by then the objects are as they should be. */
const eventsMissing = 'v2.core.health.event_generation_failure.resolved';

const refusedToTell = 10;
const tellAgainMs = 3_600_000;

export class Webhook {
  readonly #parts: WebhookParts;
  /** Since one was good. */
  #refused = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  /**
   * @throws LedgerError where the store or Stripe did not answer: refuse it with 503, and Stripe sends it again.
   *   `invalid_input` for a body that is not bytes: what a framework made of it was not what Stripe signed.
   */
  async handle(body: Uint8Array, signature: string): Promise<WebhookAnswer> {
    if (!((body as unknown) instanceof Uint8Array)) {
      throw new LedgerError(
        'invalid_input',
        'handleWebhook was given no bytes. Pass the raw bytes of the request, before anything parses them',
      );
    }
    const secret = await signedBy(body, signature, this.#parts.secrets, this.#parts);
    if (secret === undefined) {
      this.#parts.log.warn({ bytes: body.length }, 'a webhook was refused: its signature is not of our secrets, or not of now');
      this.#refuse();
      return { outcome: 'bad_signature' };
    }
    this.#refused = 0;
    return { outcome: outcomeOf(await this.#take(body, parseJson(body), secret)) };
  }

  async #take(body: Uint8Array, parsed: unknown, secret: WebhookSecret): Promise<IntakeResult | WebhookAnswer> {
    const { events } = this.#parts;
    const { secret: _, ...speaksFor } = secret;
    const way = { ...speaksFor, source: 'webhook' as const };
    const { object } = identityOf(parsed);
    if (object === 'v2.core.event') {
      const thin = thinEventSchema.safeParse(parsed);
      if (!thin.success) return this.#keep(body, parsed, failedPath(thin.error));
      if (thin.data.type === eventsMissing) return this.#sweep(thin.data.id);
      return events.takeThin(thin.data, way);
    }
    const event = eventSchema.safeParse(parsed);
    if (!event.success) return this.#keep(body, parsed, failedPath(event.error));
    return object === 'event' ? events.takeSnapshot(event.data, way) : this.#keep(body, parsed, 'object');
  }

  /** A secret that was rotated loses every webhook in silence; but anybody may send as many as they like. */
  #refuse(): void {
    const { ledger, runtime } = this.#parts;
    this.#refused += 1;
    if (this.#refused < refusedToTell || runtime.monotonicNowMs() - this.#toldAtMs < tellAgainMs) return;
    this.#toldAtMs = runtime.monotonicNowMs();
    ledger.forAdapters.alert({
      kind: 'signatures_refused',
      message: `${this.#refused} webhooks in a row had a signature of none of our secrets, or not of now. Was the endpoint's secret rotated? Then add the new one to webhookSecrets, beside the old. Anybody can cause this too: \`paidonce-stripe doctor\` tells which`,
    });
  }

  /** Beside the acknowledgement: a pass takes longer than Stripe waits, and if it is lost, the next one comes by itself. */
  #sweep(eventId: string): WebhookAnswer {
    const { log, onEventsMissing } = this.#parts;
    log.warn({ eventId }, 'Stripe says that it failed to make events; a pass of the poll looks for what they would have told');
    onEventsMissing();
    return { outcome: 'ignored' };
  }

  /** Signed by Stripe, and no event that we know. */
  async #keep(body: Uint8Array, parsed: unknown, path: string): Promise<WebhookAnswer> {
    const sha256 = createHash('sha256').update(body).digest('hex');
    const { id } = identityOf(parsed);
    const type = typeof parsed === 'object' && parsed !== null && 'type' in parsed ? String(parsed.type) : '';
    await this.#parts.ledger.forAdapters.recordUnreadable({
      objectId: id ?? `sha256:${sha256}`,
      ...defined({ eventId: id }),
      type: isId(type) ? type : 'unknown',
      sha256,
      path,
    });
    return { outcome: 'unreadable' };
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

function outcomeOf({ outcome }: IntakeResult | WebhookAnswer): WebhookAnswer['outcome'] {
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
