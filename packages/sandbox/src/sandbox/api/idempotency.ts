// Idempotency keys: the first answer to a POST is stored for 24 hours, and repeated for the same key and parameters. What
// failed before it was executed (validation, a rate limit) is not stored.

import type { Model } from '../model.ts';
import type { StoredAnswer } from '../state/records.ts';
import { invalidRequest, StripeApiError } from './stripe-error.ts';

const RETENTION_SECONDS = 24 * 3_600;
const MAX_KEY_LENGTH = 255;

/** Keys belong to one account: the same key on another account is a different key. */
export class Idempotency {
  /** Keys whose answer is not sent yet: during a slow answer a second request gets 409. */
  readonly #inFlight = new Set<string>();

  /**
   * The stored answer of an earlier request with this key. Undefined: execute the request, then call `finish`.
   *
   * @throws StripeApiError 400 for other parameters or a key that is too long, 409 while the first request is still
   *   running.
   */
  begin({ account, state, clock }: Model, key: string, request: string): StoredAnswer | undefined {
    if (key.length > MAX_KEY_LENGTH) throw invalidRequest(`Idempotency-Key can be at most ${MAX_KEY_LENGTH} characters.`);
    if (this.#inFlight.has(`${account} ${key}`)) {
      throw new StripeApiError(
        409,
        'invalid_request_error',
        `There is currently another in-progress request using this Idempotent Key (${key}). Wait for it, then send the request again.`,
        { code: 'idempotency_key_in_use' },
      );
    }
    const stored = state.answers.get(key);
    if (stored && clock.nowSeconds() - stored.created < RETENTION_SECONDS) {
      if (stored.request === request) return stored;
      throw new StripeApiError(
        400,
        'idempotency_error',
        `Keys for idempotent requests can only be used with the same parameters they were first used with. Use a key other than '${key}' for another request.`,
      );
    }
    this.#inFlight.add(`${account} ${key}`);
    return undefined;
  }

  /** Call it within the request's transaction, so that the object and the answer are stored together. */
  store({ state, clock }: Model, answer: Omit<StoredAnswer, 'created'>): void {
    // Removed first: a replaced answer must not keep its old place, since `prune` stops at the first young one.
    state.answers.remove(answer.id);
    state.answers.put({ ...answer, created: clock.nowSeconds() });
  }

  /** Call it once the answer was sent. */
  finish({ account }: Model, key: string): void {
    this.#inFlight.delete(`${account} ${key}`);
  }

  /** Removes answers older than a day. */
  prune({ state, clock }: Model): void {
    const now = clock.nowSeconds();
    state.transaction(() => {
      for (const answer of [...state.answers.oldestFirst()]) {
        if (now - answer.created < RETENTION_SECONDS) break;
        state.answers.remove(answer.id);
      }
    });
  }
}
