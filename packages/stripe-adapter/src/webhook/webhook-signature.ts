// Checks whether Stripe signed a body, and with which of our secrets. Each secret is tried on the raw bytes. The time in
// the signature must lie within five minutes of our clock, on both sides: the SDK accepts future times.
import type { Runtime } from '@paidonce/ledger';
import { LedgerError } from '@paidonce/ledger';
import type { StripeClient } from '../stripe/client.ts';
import { isSandboxSecret, webhookSecretProblem } from '../stripe/secrets.ts';

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
/** A signature of the scheme `v1`: an HMAC of SHA-256 in hexadecimal. */
const signatureForm = /(?:^|,)v1=[0-9a-f]{64}(?:,|$)/;

/**
 * A sandbox's secret speaks for test mode alone, whatever is said of it.
 *
 * @throws LedgerError `invalid_input`: the list is empty, or a secret is a placeholder or a sandbox's at Stripe itself.
 */
export function readSecrets(
  secrets: readonly (string | WebhookSecret)[] | false,
  where: { readonly atStripe: boolean },
): readonly WebhookSecret[] {
  if (secrets === false) return [];
  if (!Array.isArray(secrets) || secrets.length === 0) {
    throw new LedgerError(
      'invalid_input',
      'webhookSecrets has no secret, so that every webhook would be refused. Pass the signing secret of the endpoint (whsec_…), or false in a process that receives no webhooks',
    );
  }
  return secrets.map((given: string | WebhookSecret, index) => {
    const secret = typeof given === 'object' && given !== null ? given : { secret: given };
    const problem = webhookSecretProblem(secret.secret, where);
    if (problem) {
      const which = secrets.length === 1 ? 'The webhook secret' : `Webhook secret ${index + 1} of ${secrets.length}`;
      throw new LedgerError('invalid_input', `${which} is unusable: ${problem.found}. ${problem.remedy}`);
    }
    return isSandboxSecret(secret.secret) ? { ...secret, livemode: false } : secret;
  });
}

/**
 * The secret that signed the body. Undefined: none did, or the time in the signature is more than five minutes off. What is no
 * signature by its form is refused before the SDK: for an empty `v1=` all majors throw plain errors. Whatever it throws
 * is a refusal.
 */
export async function signedBy(
  body: Uint8Array,
  header: string,
  secrets: readonly WebhookSecret[],
  { stripe, runtime }: { readonly stripe: StripeClient; readonly runtime: Runtime },
): Promise<WebhookSecret | undefined> {
  const now = runtime.now().getTime();
  if (!signatureForm.test(header)) return undefined;
  if (!(Math.abs(now / 1_000 - timestampIn(header)) <= toleranceSeconds)) return undefined;
  for (const secret of secrets) {
    try {
      const { signature } = stripe.webhooks;
      if (await signature?.verifyHeaderAsync(body, header, secret.secret, toleranceSeconds, undefined, now)) return secret;
    } catch {
      // Not by this secret.
    }
  }
  return undefined;
}

/** The time as the SDK reads it, so that both checks use the same one. */
function timestampIn(header: string): number {
  const times = header.split(',').flatMap((part) => (part.startsWith('t=') ? [Number.parseInt(part.split('=')[1] ?? '', 10)] : []));
  return times.at(-1) ?? Number.NaN;
}
