// Checks whether Stripe signed a body, and with which of our secrets. Each secret is tried on the raw bytes. The time in
// the signature must lie within five minutes of our clock, on both sides: the SDK accepts future times.
import type { Runtime } from '@paidonce/ledger';
import { LedgerError } from '@paidonce/ledger';
import type Stripe from 'stripe';

/** A signing secret, with the account and the mode of the endpoint that it belongs to. */
export interface WebhookSecret {
  /** As Stripe shows it: `whsec_…`. */
  readonly secret: string;
  /** The account of events that name none. Default: the key's own. */
  readonly account?: string;
  /**
   * The endpoint's mode; true is live. Events of the other mode then count only if they name an order of ours. Default:
   * both modes count.
   */
  readonly livemode?: boolean;
}

const toleranceSeconds = 300;

/** @throws LedgerError `invalid_input`: a secret is empty or contains white space, so it can verify nothing. */
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

/** The secret that signed the body. Undefined: none did, or the time in the signature is more than five minutes off. */
export async function signedBy(
  body: Uint8Array,
  header: string,
  secrets: readonly WebhookSecret[],
  { stripe, runtime }: { readonly stripe: Stripe; readonly runtime: Runtime },
): Promise<WebhookSecret | undefined> {
  const now = runtime.now().getTime();
  if (!(Math.abs(now / 1_000 - timestampIn(header)) <= toleranceSeconds)) return undefined;
  for (const secret of secrets) {
    if (await isSignedBy(secret, body, header, { stripe, now })) return secret;
  }
  return undefined;
}

/** The time as the SDK reads it, so that both checks use the same one. */
function timestampIn(header: string): number {
  const times = header.split(',').flatMap((part) => (part.startsWith('t=') ? [Number.parseInt(part.split('=')[1] ?? '', 10)] : []));
  return times.at(-1) ?? Number.NaN;
}

/** Whatever the check throws is a refusal: of a `v1=` without a value the SDK throws a plain error, and anybody can send one. */
async function isSignedBy(
  { secret }: WebhookSecret,
  body: Uint8Array,
  header: string,
  { stripe, now }: { readonly stripe: Stripe; readonly now: number },
): Promise<boolean> {
  try {
    return (await stripe.webhooks.signature?.verifyHeaderAsync(body, header, secret, toleranceSeconds, undefined, now)) === true;
  } catch {
    return false;
  }
}
