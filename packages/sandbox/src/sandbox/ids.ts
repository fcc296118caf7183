// Ids that look like Stripe's: `pi_` and 24 letters and digits, or `cs_test_` and 58.
import type { Runtime } from '../runtime.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export type NewId = (prefix: string, length?: number) => string;

export function idSource(runtime: Pick<Runtime, 'random'>): NewId {
  return (prefix, length = 24) => {
    let id = prefix;
    for (let i = 0; i < length; i += 1) id += ALPHABET[Math.floor(runtime.random() * ALPHABET.length)];
    return id;
  };
}
