// Whether Stripe signed a body, and with which of our secrets. Each secret is tried on the raw bytes; the time in the
// signature must lie within five minutes of our clock, on both sides: the SDK lets future times pass.
import type { Runtime } from '@paidonce/ledger';
import { LedgerError } from '@paidonce/ledger';
import type Stripe from 'stripe';

export interface WebhookSecret {
  readonly secret: string;
  /** The account that it speaks for, where an event names none. */
  readonly account?: string;
  /** The mode that it speaks for: events of the other mode count only where they name an order of ours. */
  readonly livemode?: boolean;
}

const toleranceSeconds = 300;

/** @throws LedgerError `invalid_input` for a secret that can verify nothing. */
export function readSecrets(secrets: readonly (string | WebhookSecret)[]): readonly WebhookSecret[] {
  return secrets.map((given) => {
    const secret = typeof given === 'string' ? { secret: given } : given;
    if (secret.secret === '' || /\s/.test(secret.secret)) {
      throw new LedgerError(
        'invalid_input',
        'A webhook secret is empty or has a blank or line break in it. Copy it again: it begins with whsec_',
      );
    }
    return secret;
  });
}

/** The secret that signed it; undefined where none did, or not now. */
export async function signedBy(
  body: Uint8Array,
  header: string,
  secrets: readonly WebhookSecret[],
  { stripe, runtime }: { readonly stripe: Stripe; readonly runtime: Runtime },
): Promise<WebhookSecret | undefined> {
  const now = runtime.now().getTime();
  if (!(Math.abs(now / 1_000 - timestampIn(header)) <= toleranceSeconds)) return undefined;
  for (const secret of secrets) {
    try {
      const { signature } = stripe.webhooks;
      if (await signature?.verifyHeaderAsync(body, header, secret.secret, toleranceSeconds, undefined, now)) return secret;
    } catch (error) {
      if (!isMismatch(error)) throw error;
    }
  }
  return undefined;
}

/** As the SDK reads it, so that both judge the same time. */
function timestampIn(header: string): number {
  const times = header.split(',').flatMap((part) => (part.startsWith('t=') ? [Number.parseInt(part.split('=')[1] ?? '', 10)] : []));
  return times.at(-1) ?? Number.NaN;
}

function isMismatch(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'StripeSignatureVerificationError';
}
