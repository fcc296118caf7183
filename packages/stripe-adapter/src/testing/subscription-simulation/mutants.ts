// Faults of the adapter and of the slot that the simulation must find: each is a patch of the source's text. A simulation that misses
// one proves nothing about the code that it passes. Paths begin at the adapter's `src/`.
import type { Mutant } from '@paidonce/ledger/simulation/tools';

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

const intake = 'intake/subscription-intake.ts';
const checkout = 'checkout/subscription-checkout.ts';

export const mutants: readonly Mutant[] = [
  // Looks, and their times.
  mutant('a look is recorded as a word', intake, 'unreadable: [], ...defined({ look: seen.look }) }, object', 'unreadable: [] }, object'),
  mutant(
    'a look is not recorded',
    intake,
    "    if (statements.length === 0) return recorded ?? { outcome: 'ignored' };\n    return this.#observe({ subscription: reference, statements, unreadable: []",
    "    if (seen.look !== undefined) return recorded ?? { outcome: 'ignored' };\n    return this.#observe({ subscription: reference, statements, unreadable: []",
  ),
  mutant(
    'ends by our own clock',
    'stripe/stripe-request.ts',
    '(isUndated ? runtime.now() : at)',
    '(connected === what ? at : runtime.now())',
  ),
  mutant(
    'a Date that is far ahead is believed',
    'intake/provider-clock.ts',
    'const isDoubtful = this.#judge(this.#aheadOf(asOf), origin);',
    'const isDoubtful = this.#judge(this.#aheadOf(asOf), origin) && asOf === origin;',
  ),
  mutant(
    'money back of what is over is recorded without a look',
    'intake/read-before.ts',
    'isNewMoneyBack(statement, known) && mayEnd(statement, known, now)',
    "isNewMoneyBack(statement, known) && statement.asOf === ''",
  ),
  mutant('the slot is not asked again', checkout, 'if (holder !== subscriptionId) {', "if (subscriptionId === '') {"),
  mutant(
    'pages of earlier holders stay open',
    checkout,
    'for (const earlier of taken.earlier) {',
    'for (const earlier of taken.earlier.slice(taken.earlier.length)) {',
  ),
  // The mapping of an object.
  mutant('the end is not told', 'mapping/lifecycle.ts', 'endedAt: timeOf(endedAt),', ''),
  mutant(
    'a pause is not told',
    'mapping/lifecycle.ts',
    'paused === null ? undefined : defined(',
    'paused !== undefined ? undefined : defined(',
  ),
  // What is paid for.
  mutant('a credit cuts a line that ends before it', '../../ledger/src/subscription/cover.ts', ' && credit.line.to <= to;', ';'),
  // The hand-over.
  mutant(
    'the end is not delivered',
    '../../ledger/src/subscription/change.ts',
    "if (decided === undefined || membership === 'none') return undefined;",
    "if (decided === undefined || membership === 'none' || decided.outcome === 'ended') return undefined;",
  ),
];
