// Which payment methods a session or an intent takes. The newest API says `allowed_payment_method_types`, older ones
// `payment_method_types`.
import type { Parameters } from '../api/parameters.ts';

/** All that the sandbox has. */
export const METHODS: readonly string[] = ['card', 'konbini', 'sepa_debit'];

export interface MethodTypes {
  readonly accepted: readonly string[];
  /** As it was asked for; null: it was not. */
  readonly allowed: readonly string[] | null;
  /** The account's own choice: nothing was asked for by name. */
  readonly automatic: boolean;
}

export function readMethodTypes(parameters: Parameters): MethodTypes {
  const named = parameters.strings('payment_method_types');
  const allowed = parameters.strings('allowed_payment_method_types');
  const excluded = parameters.strings('excluded_payment_method_types');
  const asked = named.length > 0 ? named : allowed;
  return {
    accepted: (asked.length > 0 ? asked : METHODS).filter((type) => !excluded.includes(type)),
    allowed: allowed.length > 0 ? allowed : null,
    automatic: asked.length === 0,
  };
}
