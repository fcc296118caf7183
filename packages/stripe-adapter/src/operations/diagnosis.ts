// The result of one check of `doctor`.
import { isNotAllowed, isRefusedKey } from '../stripe/stripe-failure.ts';

/** The result of one check. */
export interface Diagnosis {
  readonly what: string;
  readonly state: 'good' | 'problem' | 'unknown';
  /** What was found. */
  readonly found: string;
  /** What to do now. Absent: nothing. */
  readonly remedy?: string;
}

export const good = (what: string, found: string): Diagnosis => ({ what, state: 'good', found });
export const problem = (what: string, found: string, remedy: string): Diagnosis => ({ what, state: 'problem', found, remedy });

/** Makes the result of a check that could not be made. */
export function unknown(what: string, error: unknown, remedy: string): Diagnosis {
  return { what, state: 'unknown', found: error instanceof Error ? error.message : String(error), remedy };
}

export async function diagnosed<T>(what: string, ask: () => Promise<T>, diagnose: (answer: T) => Diagnosis): Promise<Diagnosis> {
  try {
    return diagnose(await ask());
  } catch (error) {
    if (isRefusedKey(error))
      return problem(what, messageOf(error), "Copy the key again from Stripe's dashboard: it was rolled, or is of another account");
    if (isNotAllowed(error)) return problem(what, messageOf(error), "Give the key that permission in Stripe's dashboard");
    return unknown(what, error, 'Run it again once Stripe answers');
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
