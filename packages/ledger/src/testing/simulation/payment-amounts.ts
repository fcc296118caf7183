// Amounts of payments at the provider: of a dispute, and after a correction.
import type { PaidAmount } from '../../observation.ts';
import type { Random } from './random.ts';

/** Mostly the whole payment is disputed, at times a part of it. */
export function disputedMinor(random: Random, { totalMinor }: PaidAmount): number {
  return random.chance(0.7) ? totalMinor : random.between(1, Math.max(1, totalMinor - 1));
}

/** Returns the amount after the provider has found that it received more. */
export function corrected({ totalMinor, currency, parts }: PaidAmount): PaidAmount {
  return { totalMinor: totalMinor + 10, currency, ...(parts ? { parts: { ...parts, subtotalMinor: parts.subtotalMinor + 10 } } : {}) };
}
