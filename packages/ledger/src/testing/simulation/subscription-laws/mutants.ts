// Faults that the proof of subscriptions must find: each is a patch of the source's text. A proof that misses one proves nothing
// about the code that it passes.
import type { Edit, Mutant } from '../mutants.ts';

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [edit(file, find, replace)] };
}

function edit(file: string, find: string, replace: string): Edit {
  return { file: file.includes('/') ? file : `subscription/${file}`, find, replace };
}

const faults: readonly Mutant[] = [
  // S3, S9 and S10: what was paid for.
  mutant(
    'a proration pays for a difference alone',
    'invoices.ts',
    "return reason === 'create' || lines",
    "return reason === 'create' || reason === 'cycle' && lines",
  ),
  mutant('a proration beside a credit pays whole', 'invoices.ts', "role !== 'credit' || netMinor >= 0", 'netMinor > -1_000_000_000'),
  mutant('prorations extend', 'cover.ts', 'if (!stretch.isBase || stretch', 'if (stretch'),
  {
    name: 'credits cover',
    edits: [
      edit('invoices.ts', "if (line.role === 'credit') return [];", ''),
      edit('invoices.ts', "isBase: line.role === 'base' ||", "isBase: line.role !== 'proration' ||"),
    ],
  },
  mutant('a credit cuts nothing', 'cover.ts', 'return price === credit.line.price && hasBegun', 'return false && hasBegun'),
  mutant(
    'a credit cuts the line that replaces it',
    'cover.ts',
    'charge.invoice === credit.invoice ? from < credit.line.from : from <= credit.line.from',
    'from <= credit.line.from',
  ),
  mutant('a credit cuts a line that ends before it', 'cover.ts', ' && credit.line.to <= to;', ';'),
  mutant('what was got for a credit is not credited itself', 'cover.ts', 'exchanged.map(endOf)', 'exchanged.map(({ to }) => to)'),
  mutant(
    'latest invoice instead of the maximum',
    'cover.ts',
    '|| stretch.end > best.end ||',
    '|| stretch.invoice.paidAt > best.invoice.paidAt ||',
  ),
  mutant('oldest line is the plan', 'cover.ts', 'compareLines(each.line, best.line) > 0', 'compareLines(each.line, best.line) < 0'),
  mutant(
    '`active` grants',
    'access.ts',
    'const { held, validFrom, isPaused } = terms;',
    "const { held, validFrom, isPaused } = terms;\n  if (terms.lifecycle?.status === 'active') return 'full';",
  ),
  mutant('credit of an unpaid invoice', 'invoices.ts', "fact.status !== 'paid' && lines.some(", 'false && lines.some('),
  mutant(
    "a trial's end is the last that was told",
    'facts.ts',
    'const trialEnd = later(facts.trialEnd, told.fact.trialEnd);',
    'const trialEnd = told.fact.trialEnd ?? facts.trialEnd;',
  ),
  // S1: the registers.
  mutant('last-told invoice state wins', 'facts.ts', 'known ? greater(known.fact, fact, invoiceOrder) : fact', 'fact'),
  mutant(
    'uncollectible counts, though it was paid later',
    'facts.ts',
    "['open', 'uncollectible', 'void', 'paid']",
    "['open', 'void', 'paid', 'uncollectible']",
  ),
  mutant(
    'lifecycle last-told wins',
    'facts.ts',
    'facts.lifecycle && compareLifecycles(facts.lifecycle, told) >= 0 ? facts.lifecycle : told',
    'told',
  ),
  mutant('end not final', 'facts.ts', 'Number(isEndStatus(a.fact.status)) - Number(isEndStatus(b.fact.status)) ||', ''),
  mutant('voided note counts', 'invoices.ts', "note.invoice === invoice && note.status === 'issued'", 'note.invoice === invoice'),
  // S2 and S11: times, and looks.
  {
    name: 'times last-told',
    edits: [
      edit('facts.ts', 'const seen = later(later(facts.seen, asOf), look);', 'const seen = asOf;'),
      edit('facts.ts', 'const looked = later(facts.looked, look);', 'const looked = look ?? facts.looked;'),
    ],
  },
  mutant('a look that crosses is not kept', 'recording.ts', 'if (crosses(trail.state, told, policy)) {', 'if (false) {'),
  mutant('a batch is recorded as it was told', 'recording.ts', 'const told = inTurn(observed);', 'const told = observed;'),
  mutant('another policy is never looked at', 'recording.ts', 'look && isJudgedOtherwise(trail.state, policy)', 'look && false'),
  mutant(
    'any word ends',
    'access.ts',
    'isBeyond(undone, standing) ? seen : looked)',
    'isBeyond(undone, standing) ? seen : seen > looked ? seen : looked)',
  ),
  mutant(
    'money back waits for a look',
    'access.ts',
    'isBeyond(undone, standing) ? seen : looked)',
    'isBeyond(undone, standing) ? looked : looked)',
  ),
  mutant('boundary off by one', 'access.ts', '? seen : looked) < earlier(', '? seen : looked) <= earlier('),
  mutant('starts early', 'access.ts', '|| times.seen < validFrom) return', ') return'),
  // S5: what was given back.
  mutant(
    'refund hits all months',
    'invoices.ts',
    'const given = allocations.filter((each) => isPaidBy(each, invoice) && each.payment === payment.reference.id);',
    'const given = allocations.filter((each) => isPaidBy(each, payment.refunds.length > 0 ? each.invoice : invoice) && (payment.refunds.length > 0 || each.payment === payment.reference.id));',
  ),
  mutant(
    'dispute hits all months',
    'invoices.ts',
    'const given = allocations.filter((each) => isPaidBy(each, invoice) && each.payment === payment.reference.id);',
    'const given = allocations.filter((each) => isPaidBy(each, payment.disputes.length > 0 ? each.invoice : invoice) && (payment.disputes.length > 0 || each.payment === payment.reference.id));',
  ),
  // S6: grace.
  mutant('grace after a refund', 'access.ts', "if (end < taken || status === 'unpaid'", "if (status === 'unpaid'"),
  mutant(
    'dunning grace for a free period',
    'access.ts',
    "status === 'past_due' && stretch.invoice.kind === 'money'",
    "status === 'past_due'",
  ),
  mutant('terms for every open invoice', 'access.ts', 'fact.terms && fact.terms.from <= paidThrough', 'fact.terms'),
  // S7 and S8: ends and pauses.
  mutant(
    '`ended_at` ignored',
    'access.ts',
    "policy.canceledNow === 'end' && lifecycle && isEndStatus(lifecycle.status) ?",
    "policy.canceledNow !== 'end' && lifecycle && isEndStatus(lifecycle.status) ?",
  ),
  mutant(
    'a pause extends',
    'access.ts',
    "const isDunning = status === 'past_due' &&",
    "const isDunning = (status === 'past_due' || facts.lifecycle?.fact.collectionPaused !== undefined) &&",
  ),
  // S4: once.
  {
    name: 'an invoice extends twice',
    edits: [
      edit('next-decision.ts', 'invoice !== undefined && !state.usedInvoices.includes(invoice)) {', 'invoice !== undefined) {'),
      edit('subscription.ts', 'invariant(!usedInvoices.includes(data.invoice),', 'invariant(true,'),
    ],
  },
  {
    name: 'second grant',
    edits: [
      edit('next-decision.ts', "revoked:   { full: 'SubscriptionRestored',", "revoked:   { full: 'SubscriptionGranted',"),
      edit('subscription.ts', "invariant(state.membership === 'none',", 'invariant(true,'),
    ],
  },
  mutant(
    'no expected revision',
    'streams/transact.ts',
    'store.append(stream, known.state.revision, proposal.events)',
    'store.append(stream, (await store.readStream(stream)).length - 1, proposal.events)',
  ),
];

/** Nothing but the law finds these: an auditor of money and days knows no plan's rank, and no instant, and no life has a change in a free month. */
const foundByTheLawAlone: readonly string[] = [
  'a proration pays for a difference alone',
  'credit of an unpaid invoice',
  // These lives begin no period within one that was paid. Those of the adapter do, and its auditor finds it.
  'a credit cuts a line that ends before it',
  'uncollectible counts, though it was paid later',
  'end not final',
  'another policy is never looked at',
  'boundary off by one',
  'starts early',
];

/** The law says nothing. What the code and the law have wrong together must be found by what is left. */
const silentLaw = edit('checks.test-support.ts', 'if (is !== shouldBe) throw', "if (is === '') throw");

export const mutants: readonly Mutant[] = [
  ...faults,
  ...faults
    .filter(({ name }) => !foundByTheLawAlone.includes(name))
    .map(({ name, edits }): Mutant => ({ name: `${name}, without the law`, edits: [...edits, silentLaw] })),
];
