// The result of one check of `doctor`.
import { isNotAllowed } from '../stripe/stripe-failure.ts';

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

export async function diagnosed<T>(what: string, ask: () => Promise<T>, diagnose: (answer: T) => Diagnosis): Promise<Diagnosis> {
  try {
    return diagnose(await ask());
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return isNotAllowed(error)
      ? problem(what, found, "Give the key that permission in Stripe's dashboard")
      : { what, state: 'unknown', found, remedy: 'Run it again once Stripe answers' };
  }
}
