// Faults of the adapter and of the slot that the simulation must find: each is a patch of the source's text. A simulation that misses
// one proves nothing about the code that it passes. Paths begin at the adapter's `src/`.
import type { Mutant } from '@paidonce/ledger/simulation/tools';

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

const intake = 'intake/subscription-intake.ts';
const look = 'intake/subscription-look.ts';
const readBefore = 'intake/read-before.ts';
const checkout = 'checkout/subscription-checkout.ts';
const slots = '../../ledger/src/streams/slot-streams.ts';

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
    "a look's time is taken after its reads",
    intake,
    'unreadable: [], ...defined({ look: seen.look }) }, object',
    'unreadable: [], ...defined({ look: seen.look && ((await calls.now()) ?? seen.look) }) }, object',
  ),
  mutant(
    'a look reads the newest invoice alone',
    look,
    "if (at.whole === true || !statements.some(({ fact }) => fact.kind === 'invoice'",
    "if (at.whole === true || id === '' && !statements.some(({ fact }) => fact.kind === 'invoice'",
  ),
  mutant(
    'ends by our own clock',
    'stripe/stripe-request.ts',
    '(isUndated ? runtime.now() : at)',
    '(connected === what ? at : runtime.now())',
  ),
  mutant(
    'an answer without a Date has the time of our clock',
    'stripe/stripe-request.ts',
    'const isUndated = Number.isNaN(at.getTime());',
    'if (Number.isNaN(at.getTime())) at.setTime(runtime.now().getTime());\n    const isUndated = Number.isNaN(at.getTime());',
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
    readBefore,
    "return isCopy && statements.some(isOther) ? 'subscription' : undefined;",
    "return isCopy && statements.every(isOther) && known.plans === undefined ? 'subscription' : undefined;",
  ),
  mutant(
    'what is paid and over is recorded without a look',
    readBefore,
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
  mutant('the slot is not asked again', checkout, 'if (holder !== subscriptionId) {', "if (subscriptionId === '') {"),
  mutant(
    'pages of earlier holders stay open',
    checkout,
    'for (const earlier of taken.earlier) {',
    'for (const earlier of taken.earlier.slice(taken.earlier.length)) {',
  ),
  mutant(
    'only the page of the last holder is ended',
    checkout,
    'for (const earlier of taken.earlier) {',
    'for (const earlier of taken.earlier.slice(-1)) {',
  ),
  mutant(
    'a page whose time is over is not asked',
    checkout,
    "if (this.#isOver(expiresAt)) return (await refreshSubscription(session)).state === 'complete';",
    'if (this.#isOver(expiresAt)) return false;',
  ),
  // The mapping of an object.
  mutant(
    'nobody knows which payment was for which invoice',
    'mapping/invoice-payment.ts',
    "if (status === 'open') return ignored(",
    "if (status !== 'canceled') return ignored(",
  ),
  mutant('the end is not told', 'mapping/lifecycle.ts', 'endedAt: timeOf(endedAt),', ''),
  mutant('the end of a trial is not told', 'mapping/lifecycle.ts', 'trialEnd: timeOf(trialEnd),', ''),
  mutant(
    'a pause is not told',
    'mapping/lifecycle.ts',
    'paused === null ? undefined : defined(',
    'paused !== undefined ? undefined : defined(',
  ),
  mutant('terms of an open invoice are not told', 'mapping/invoice.ts', '...(from === undefined ? {} : {', '...(from !== dueDate ? {} : {'),
  mutant(
    'a discount is not read',
    'mapping/invoice-lines.ts',
    'const netMinor = amount - discounted;',
    'const netMinor = amount - 0 * discounted;',
  ),
  mutant('a credit is no credit', 'mapping/invoice-lines.ts', "role: isCredit ? 'credit' : origin", 'role: origin'),
  // The hand-over.
  mutant(
    'the end is not delivered',
    '../../ledger/src/subscription/change.ts',
    "if (decided === undefined || membership === 'none') return undefined;",
    "if (decided === undefined || membership === 'none' || decided.outcome === 'ended') return undefined;",
  ),
];
