// Who may use the console: whoever has the one password. In a shop of your own, ask your own log-in.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { PaymentAdminPluginOptions } from '@paidonce/http';

/** HTTP Basic; the name that the operator gives is who acted, in the log. */
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

/** Of equal length, whatever was given: so the comparison takes the same time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
