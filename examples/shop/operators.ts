// Decides who may use the console: everybody who has the one password. Whoever guesses is soon refused, and each attempt is
// logged with its address. In your own shop, use your own log-in.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { PaymentAdminPluginOptions } from '@paidonce/http';
import type { Logger } from '@paidonce/ledger';

/** Wrong passwords that an address may send before it has to wait. */
const mostFailures = 10;
const waitMs = 15 * 60_000;
/** Addresses that are remembered. The oldest is forgotten first: the password, and not this, is what keeps strangers out. */
const mostAddresses = 10_000;

interface Failures {
  readonly count: number;
  readonly untilMs: number;
}

/**
 * Checks the password by HTTP Basic. The ledger gets the name that the operator types.
 * @param nowMs a monotonic clock.
 */
export function byPassword(
  password: string,
  log: Logger,
  nowMs: () => number = () => performance.now(),
): PaymentAdminPluginOptions['authenticate'] {
  const expected = digest(password);
  const failures = new Map<string, Failures>();
  const signedIn = new Set<string>();

  return async (request, reply) => {
    const { headers, ip } = request;
    const address = isIP(ip) === 0 ? 'an address that is none' : ip; // A proxy's header may hold any text.
    const { count, untilMs } = recent(failures.get(address), nowMs());
    if (count >= mostFailures) {
      log.warn({ address }, `console: log-in from ${address} refused without a look at it, after ${count} wrong passwords`);
      await reply
        .code(429)
        .header('retry-after', Math.ceil((untilMs - nowMs()) / 1_000))
        .send('Too many wrong passwords. Try again later.\n');
      return undefined;
    }
    const { actor, given } = credentialsIn(headers.authorization);
    if (timingSafeEqual(digest(given), expected) && /^[A-Za-z0-9._-]{1,64}$/.test(actor)) {
      failures.delete(address);
      if (remember(signedIn, `${actor} ${address}`)) log.info({ address, actor }, `console: ${actor} signed in from ${address}`);
      return { actor };
    }
    void reply.header('www-authenticate', 'Basic realm="PaidOnce console", charset="UTF-8"');
    // A browser's first request has no password. It is logged, and counts as no guess.
    const guesses = headers.authorization === undefined ? count : count + 1;
    const why = headers.authorization === undefined ? 'no password' : `wrong name or password, ${guesses} of ${mostFailures}`;
    log.warn({ address }, `console: log-in from ${address} refused (${why})`);
    if (guesses > count) {
      failures.delete(address);
      failures.set(address, { count: guesses, untilMs: nowMs() + waitMs });
      const [oldest] = failures.keys();
      if (failures.size > mostAddresses && oldest !== undefined) failures.delete(oldest);
    }
    return undefined;
  };
}

function recent(failures: Failures | undefined, nowMs: number): Failures {
  return failures && nowMs < failures.untilMs ? failures : { count: 0, untilMs: nowMs };
}

function credentialsIn(authorization = ''): { readonly actor: string; readonly given: string } {
  const [, encoded = ''] = /^Basic (\S+)$/i.exec(authorization) ?? [];
  const [actor = '', given = ''] = Buffer.from(encoded, 'base64').toString().split(/:(.*)/s, 2);
  return { actor, given };
}

/** True the first time. */
function remember(known: Set<string>, name: string): boolean {
  if (known.has(name)) return false;
  if (known.size >= mostAddresses) known.clear();
  known.add(name);
  return true;
}

/** Returns a hash. All hashes have the same length, so that each comparison takes the same time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
