// Faults of the adapter and of the slot that the simulation must find: each is a patch of the source's text. A simulation that misses
// one proves nothing about the code that it passes. Paths begin at the adapter's `src/`.
import type { Mutant } from '@paidonce/ledger/simulation/tools';

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

const slots = '../../ledger/src/streams/slot-streams.ts';

export const mutants: readonly Mutant[] = [
  // Looks, and times.
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
  {
    name: 'ends by our own clock',
    edits: [
      {
        file: 'intake/subscription-intake.ts',
        find: 'unreadable: [], ...defined({ look: seen.look }) }, object',
        replace: 'unreadable: [], ...defined({ look: seen.look && provenance.asOf }) }, object',
      },
      {
        file: 'poll/due-tier.ts',
        find: 'const now = clock.now?.toISOString() ??',
        replace: 'const now = (clock.now ? startedAt.toISOString() : undefined) ??',
      },
    ],
  },
  mutant(
    "a look's time is that of its last read",
    'intake/subscription-look.ts',
    'return reads.map(({ asOf }) => asOf).toSorted()[0];',
    'return reads.map(({ asOf }) => asOf).toSorted().at(-1);',
  ),
  mutant(
    'a look reads the newest invoice alone',
    'intake/subscription-look.ts',
    "if (!statements.some(({ fact }) => fact.kind === 'invoice'",
    "if (id === '' && !statements.some(({ fact }) => fact.kind === 'invoice'",
  ),
  mutant(
    'a Date that is far ahead is believed',
    'intake/provider-clock.ts',
    'const isDoubtful = this.#judge(this.#aheadOf(asOf), origin);',
    'const isDoubtful = this.#judge(this.#aheadOf(asOf), origin) && asOf === origin;',
  ),
  // What is read before it is recorded.
  mutant(
    'a lifecycle is copied without a read',
    'intake/read-before.ts',
    "return isCopy && statements.some(isOther) ? 'subscription' : undefined;",
    "return isCopy && statements.every(isOther) && known.plans === undefined ? 'subscription' : undefined;",
  ),
  mutant(
    'what is paid and over is recorded without a look',
    'intake/read-before.ts',
    'return lines.every(({ to }) => to <= asOf) ||',
    'return (lines.length === 0 && asOf === fact.id) ||',
  ),
  // The slot.
  mutant(
    'a slot without the revision',
    slots,
    'if (atRevision !== undefined && revision !== atRevision)',
    'if (atRevision !== undefined && revision < -1)',
  ),
  mutant(
    'the slot is not asked again',
    'checkout/subscription-checkout.ts',
    'if (!(await slots.holdsSlot(subscriptionId))) {',
    "if (subscriptionId === '') {",
  ),
  mutant(
    'pages of earlier holders stay open',
    'checkout/subscription-checkout.ts',
    'for (const earlier of taken.earlier) {',
    'for (const earlier of taken.earlier.slice(taken.earlier.length)) {',
  ),
  // The mapping of an object.
  mutant(
    'nobody knows which payment was for which invoice',
    'mapping/invoice-payment.ts',
    "if (status === 'open') return ignored(",
    "if (status !== 'canceled') return ignored(",
  ),
  mutant('the end is not told', 'mapping/lifecycle.ts', 'endedAt: timeOf(endedAt),', ''),
];
