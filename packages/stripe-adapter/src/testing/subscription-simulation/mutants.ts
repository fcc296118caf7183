// Faults of the adapter and of the slot that the simulation must find: each is a patch of the source's text. A simulation that misses
// one proves nothing about the code that it passes. Paths begin at the adapter's `src/`.
import type { Mutant } from '@paidonce/ledger/simulation/tools';

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

export const mutants: readonly Mutant[] = [
  mutant(
    'a look is recorded as a word',
    'intake/subscription-intake.ts',
    'unreadable: [], ...defined({ look: seen.look }) }, object',
    'unreadable: [] }, object',
  ),
  mutant(
    'a look is not recorded',
    'intake/subscription-intake.ts',
    "    if (statements.length === 0) return recorded ?? { outcome: 'ignored' };\n    return this.#observe({ subscription: reference, statements, unreadable: []",
    "    if (seen.look !== undefined) return recorded ?? { outcome: 'ignored' };\n    return this.#observe({ subscription: reference, statements, unreadable: []",
  ),
  mutant(
    'the slot is not asked again',
    'checkout/subscription-checkout.ts',
    'if (holder !== subscriptionId) {',
    "if (subscriptionId === '') {",
  ),
  mutant(
    'pages of earlier holders stay open',
    'checkout/subscription-checkout.ts',
    'for (const earlier of taken.earlier) {',
    'for (const earlier of taken.earlier.slice(taken.earlier.length)) {',
  ),
  mutant(
    'nobody knows which payment was for which invoice',
    'mapping/invoice-payment.ts',
    "if (status === 'open') return ignored(",
    "if (status !== 'canceled') return ignored(",
  ),
];
