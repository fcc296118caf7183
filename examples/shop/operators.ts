// Decides who may use the console: everybody who has the one password. In your own shop, use your own log-in.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { PaymentAdminPluginOptions } from '@paidonce/http';

/** Checks the password by HTTP Basic. The log gets the name that the operator types. */
export function byPassword(password: string): PaymentAdminPluginOptions['authenticate'] {
  const expected = digest(password);
  return ({ headers }, reply) => {
    const [, encoded = ''] = /^Basic (\S+)$/i.exec(headers.authorization ?? '') ?? [];
    const credentials = Buffer.from(encoded, 'base64').toString();
    const [actor = '', given = ''] = credentials.split(/:(.*)/s, 2);
    if (timingSafeEqual(digest(given), expected) && /^[A-Za-z0-9._-]{1,64}$/.test(actor)) return { actor };
    void reply.header('www-authenticate', 'Basic realm="PaidOnce console", charset="UTF-8"');
    return undefined;
  };
}

/** Returns a hash. All hashes have the same length, so that each comparison takes the same time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
