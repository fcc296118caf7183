// Checks the options of whatever a host mounts: an unknown one is named, and a bad value is refused. Nothing is repaired in silence.
import { LedgerError } from '@paidonce/ledger';

/** Largest body of a webhook, in bytes, where the host names none. */
export const webhookBodyLimit: number = 1024 * 1024;
/** Milliseconds that a client may take to send a body, where the host names none. */
export const bodyTimeoutMs = 20_000;

/** @param edge the function that the host called. @throws LedgerError `invalid_input`: it does not hold. */
export function demand(holds: boolean, edge: string, otherwise: string): asserts holds {
  if (!holds) throw new LedgerError('invalid_input', `${edge}: ${otherwise}`);
}

/** This also refuses Fastify's own `prefix`: a wrapped plugin would ignore it in silence. @throws LedgerError `invalid_input`. */
export function refuseUnknown(options: object, known: readonly string[], edge: string): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  demand(unknown.length === 0, edge, `unknown option ${unknown.join(', ')}. Known: ${known.join(', ')}`);
}

export function isPositive(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
