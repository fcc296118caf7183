// A webhook of Stripe: signature, then parse, then the ledger, and only then an acknowledgement (law 8). Stripe sends
// again whatever is not acknowledged, for three days, and then disables the endpoint; so whatever it signed is
// acknowledged, understood or not, and an error is thrown only where a retry can help.

import { LedgerError, type Logger, type PaymentLedger, type Runtime } from '@paidonce/ledger';
import { defined, isId, type Note, traced, WarningLimit } from '@paidonce/ledger/adapter';
import type { IntakeResult } from '../intake/intake-result.ts';
import type { StripeEvents } from '../intake/stripe-events.ts';
import { named, recordUnreadable } from '../intake/unreadable.ts';
import type { StripeClient } from '../stripe/client.ts';
import { eventSchema, thinEventSchema } from '../stripe/stripe-event-objects.ts';
import { failedPath, identityOf } from '../stripe/stripe-objects.ts';
import { signedBy, type WebhookSecret } from './webhook-signature.ts';

/** What became of a webhook. */
export interface WebhookAnswer {
  /**
   * `bad_signature`: answer 400. Every other outcome: acknowledge with 2xx. `recorded`: the ledger has a new fact.
   * `duplicate`: it had it already. `held`: the fact waits until its order is known. `not_ours`: another app's payment.
   * `ignored`: no fact about a payment. `unreadable`: recorded by id, for `recheck`.
   */
  readonly outcome: 'recorded' | 'duplicate' | 'held' | 'not_ours' | 'ignored' | 'unreadable' | 'bad_signature';
}

export interface WebhookParts {
  readonly stripe: StripeClient;
  readonly ledger: PaymentLedger;
  readonly secrets: readonly WebhookSecret[];
  readonly events: StripeEvents;
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Called when Stripe reports that it failed to create events: only the objects themselves show what those would have reported. */
  readonly onEventsMissing: () => void;
}

/** `…_failure.resolved`: by then the objects are as they should be. */
const eventsMissing = 'v2.core.health.event_generation_failure.resolved';

/** Refused signatures in a row before a person is alerted; the next alert comes an hour later at the earliest. */
const refusedBeforeAlert = 10;
const alertAgainMs = 3_600_000;
/** Stripe's own objects are less than twenty deep. What walks an object recursively runs out of stack on some thousands. */
const deepest = 64;

export class Webhook {
  readonly #parts: WebhookParts;
  /** Refused signatures since the last good one. */
  #refused = 0;
  #alertedAtMs = Number.NEGATIVE_INFINITY;
  readonly #refusalWarnings: WarningLimit;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
    this.#refusalWarnings = new WarningLimit(parts.runtime);
  }

  /**
   * @throws LedgerError `provider_unavailable` or a code of the store: answer 503, and Stripe sends it again.
   *   `invalid_input`: the body is not bytes; a body that a framework has parsed is not what Stripe signed.
   */
  async handle(body: Uint8Array, signature: string): Promise<WebhookAnswer> {
    if (!((body as unknown) instanceof Uint8Array)) {
      throw new LedgerError(
        'invalid_input',
        'handleWebhook was given no bytes. Pass the raw bytes of the request, before anything parses them',
      );
    }
    // A framework's types may promise text where there is no header, or where there are several.
    const header = typeof (signature as unknown) === 'string' ? signature : '';
    return traced('paidonce.webhook', {}, async (note) => {
      const answer = await this.#handle(body, header, note);
      note({ 'paidonce.outcome': answer.outcome });
      return answer;
    });
  }

  async #handle(body: Uint8Array, header: string, note: Note): Promise<WebhookAnswer> {
    const secret = await signedBy(body, header, this.#parts.secrets, this.#parts);
    if (secret === undefined) {
      this.#refuse(body.length);
      return { outcome: 'bad_signature' };
    }
    this.#refused = 0;
    const parsed = parseJson(body);
    // Signed: only now it is known to be Stripe's.
    const id = typeof parsed === 'object' && parsed !== null && 'id' in parsed ? parsed.id : undefined;
    note({ 'paidonce.event.id': isId(id) ? id : undefined });
    return { outcome: outcomeOf(await this.#parseAndRoute(body, parsed, secret)) };
  }

  async #parseAndRoute(body: Uint8Array, parsed: unknown, secret: WebhookSecret): Promise<IntakeResult | WebhookAnswer> {
    const { events } = this.#parts;
    const { secret: _, ...speaksFor } = secret;
    const provenance = { ...speaksFor, source: 'webhook' as const };
    if (isDeeperThan(deepest, parsed)) return this.#recordTooDeep(body, parsed);
    const { object } = identityOf(parsed);
    if (object === 'v2.core.event') {
      const thin = thinEventSchema.safeParse(parsed);
      if (!thin.success) return this.#recordUnreadable(body, parsed, failedPath(thin.error));
      if (thin.data.type === eventsMissing) return this.#sweep(thin.data.id);
      return events.takeThin(thin.data, provenance);
    }
    const event = eventSchema.safeParse(parsed);
    if (!event.success) return this.#recordUnreadable(body, parsed, failedPath(event.error));
    return object === 'event' ? events.takeSnapshot(event.data, provenance) : this.#recordUnreadable(body, parsed, 'object');
  }

  /** After a rotation of the secret every webhook is lost without a sound; but anybody can send bad ones, so alerts are rare. */
  #refuse(bytes: number): void {
    const { ledger, runtime, log } = this.#parts;
    const refused = this.#refusalWarnings.due();
    if (refused > 0) log.warn({ bytes, refused }, 'a webhook was refused: its signature is not of our secrets, or not of now');
    this.#refused += 1;
    if (this.#refused < refusedBeforeAlert || runtime.monotonicNowMs() - this.#alertedAtMs < alertAgainMs) return;
    this.#alertedAtMs = runtime.monotonicNowMs();
    ledger.forAdapters.alert({
      kind: 'signatures_refused',
      message: `${this.#refused} webhooks in a row had a signature of none of our secrets, or not of now. Was the endpoint's secret rotated? Then add the new one to webhookSecrets, beside the old. Anybody can cause this too: \`paidonce-stripe doctor\` tells which`,
    });
  }

  /** Not awaited: a pass takes longer than Stripe waits. If it is lost, the next one comes by itself. */
  #sweep(eventId: string): WebhookAnswer {
    const { log, onEventsMissing } = this.#parts;
    log.warn({ eventId }, 'Stripe says that it failed to make events; a pass of the poll looks for what they would have reported');
    onEventsMissing();
    return { outcome: 'ignored' };
  }

  /** Records by id what Stripe signed and what is no event that we know. */
  #recordUnreadable(body: Uint8Array, parsed: unknown, path: string): Promise<WebhookAnswer> {
    const { id } = identityOf(parsed);
    const type = typeof parsed === 'object' && parsed !== null && 'type' in parsed ? parsed.type : undefined;
    return recordUnreadable(this.#parts.ledger, body, { type: isId(type) ? type : 'unknown', path }, defined({ eventId: id }));
  }

  /** Under the name of its object where it names one, so that `recheck` reads that from Stripe. */
  #recordTooDeep(body: Uint8Array, parsed: unknown): Promise<WebhookAnswer> {
    const path = `a depth of more than ${deepest}`;
    const event = eventSchema.safeParse(parsed);
    if (!event.success) return this.#recordUnreadable(body, parsed, path);
    const { id: eventId, livemode } = event.data;
    return recordUnreadable(this.#parts.ledger, body, { ...named(event.data.data.object), path }, { eventId, livemode });
  }
}

/** Whether lists and objects of the JSON value are nested deeper. It recurses no deeper than that. */
function isDeeperThan(most: number, parsed: unknown): boolean {
  if (most < 0) return true;
  return typeof parsed === 'object' && parsed !== null && Object.values(parsed).some((value) => isDeeperThan(most - 1, value));
}

const utf8 = new TextDecoder();

/** Undefined: the body is no JSON. */
function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body));
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
    case 'extended':
    case 'plan_changed':
    case 'adjusted':
    case 'ended':
    case 'review':
    case 'recorded':
      return 'recorded';
    default:
      return outcome;
  }
}
