// Faults of the adapter that the simulation must find: each is a patch of the source's text. A simulator that misses one
// proves nothing about the code that it passes.
import type { Mutant } from '@paidonce/ledger/simulation';

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

export const mutants: readonly Mutant[] = [
  // The mapping of an object.
  mutant(
    'refunds are ignored',
    'mapping/to-observation.ts',
    'return readRefund(object, context.livemode);',
    "return { ignored: 'a refund' };",
  ),
  mutant(
    'a refund that is pending counts',
    'mapping/refunds-and-disputes.ts',
    "fact: { kind: 'refund', id, status, amountMinor }",
    "fact: { kind: 'refund', id, status: status === 'pending' ? 'succeeded' : status, amountMinor }",
  ),
  mutant(
    'prevented by resolution counts as nothing',
    'mapping/refunds-and-disputes.ts',
    "said === 'prevented' && isMoneyGone(parsed.data) ? 'lost' : said",
    'said',
  ),
  mutant(
    'a released part counts as a refund',
    'mapping/refunds-and-disputes.ts',
    "const isWithoutRow = said === 'succeeded' && row === null;",
    "const isWithoutRow = said === 'succeeded' && row === undefined;",
  ),
  {
    name: "the intent's creation is when it was paid",
    edits: [
      {
        file: 'stripe/stripe-objects.ts',
        find: 'capture_method: nullable(z.string()),',
        replace: 'capture_method: nullable(z.string()), created: secondsSchema,',
      },
      {
        file: 'mapping/received.ts',
        find: 'if (charge === null) return undefined;',
        replace: 'if (capture !== undefined) return { at: intent.created };',
      },
      {
        file: 'mapping/received.ts',
        find: 'export function receivedWith({ capture_method: capture, charge }: StripeIntent): Received | undefined {',
        replace:
          'export function receivedWith(intent: StripeIntent & { created: number }): Received | undefined {\n  const { capture_method: capture, charge } = intent;',
      },
    ],
  },
  mutant(
    'a debit was paid when it was submitted',
    'mapping/received.ts',
    "const isBefore = capture === 'manual' ||",
    "const isBefore = capture === 'never' ||",
  ),
  mutant('a dispute that was won stays open', 'mapping/refunds-and-disputes.ts', "  won: 'won',\n", "  won: 'open',\n"),
  mutant('an inquiry suspends', 'mapping/refunds-and-disputes.ts', "warning_needs_response: 'inquiry'", "warning_needs_response: 'open'"),
  mutant(
    'the amount is checked by its total alone',
    'mapping/to-observation.ts',
    'return { totalMinor, currency, parts: {',
    'if (totalMinor >= 0) return { totalMinor, currency };\n  return { totalMinor, currency, parts: {',
  ),
  mutant(
    'what was asked for counts as received',
    'mapping/to-observation.ts',
    'const amount = amountOf(session, intent.amount_received, intent.currency);',
    'const amount = amountOf(session, session.amount_total ?? 0, intent.currency);',
  ),
  mutant(
    'what was authorized counts as paid',
    'mapping/to-observation.ts',
    "case 'requires_capture':\n      return ofIntent(intent, { kind: 'attempt', status: 'authorized' }, session);",
    "case 'requires_capture':\n      return ofIntent(intent, { kind: 'attempt', status: 'paid', amount: { totalMinor: session.amount_total ?? 0, currency: intent.currency } }, session);",
  ),
  mutant(
    '"nothing to pay" is forgotten',
    'mapping/to-observation.ts',
    "if (session.payment_status === 'unpaid') return { failedAt: 'payment_intent' };",
    "if (session.payment_status !== 'paid') return { ignored: 'not paid' };",
  ),
  mutant(
    'a session is a payment of its own',
    'mapping/to-observation.ts',
    'return { payment: id, livemode, fact, ...withTime(receivedWith(intent)), ...(session ? { aliases: [session.id] } : {}) };',
    'return { payment: session?.id ?? id, livemode, fact, ...withTime(receivedWith(intent)) };',
  ),
  mutant(
    'a payment intent is judged without its session',
    'intake/intake.ts',
    'if (!mapped.partsUnknown || (await this.#isAsExpected(statement, ours)))',
    'if (mapped.kind)',
  ),
  // Ownership.
  mutant(
    'any scope is ours',
    'mapping/claim.ts',
    'return metadata[scopeKey] === scope ? defined(',
    'return metadata[scopeKey] !== undefined ? defined(',
  ),
  mutant(
    'what another ledger made is ours',
    'intake/our-ledger.ts',
    'if (ledgerId === undefined || this.#former.has(ledgerId)) return true;',
    "if (ledgerId !== '') return true;",
  ),
  {
    name: 'metadata of another app names an order',
    edits: [
      {
        file: 'mapping/claim.ts',
        find: 'const orderId = hasOurScope ? namedOrder(identity) : undefined;',
        replace: 'const orderId = namedOrder(identity);',
      },
      {
        file: 'intake/ownership.ts',
        find: 'if (claim.hasOurScope && claim.orderId !== undefined) return ownedBy(claim);',
        replace: 'if (claim.orderId !== undefined) return ownedBy(claim);',
      },
    ],
  },
  {
    name: 'what the buyer types on a Payment Link names an order',
    edits: [
      {
        file: 'mapping/claim.ts',
        find: 'const orderId = hasOurScope ? namedOrder(identity) : undefined;',
        replace: 'const orderId = identity.client_reference_id ?? (hasOurScope ? namedOrder(identity) : undefined);',
      },
    ],
  },
  mutant('a Payment Link is another app’s', 'intake/ownership.ts', 'if (linked) return { ours: true, orderId: linked.orderId };', ''),
  // Webhooks.
  mutant(
    'acknowledged before it is taken',
    'webhook/webhook.ts',
    'return { outcome: outcomeOf(await this.#parseAndRoute(body, parsed, secret)) };',
    "this.#parseAndRoute(body, parsed, secret).catch(() => undefined);\n    return { outcome: 'recorded' };",
  ),
  mutant(
    'a failure is acknowledged',
    'webhook/webhook.ts',
    'return { outcome: outcomeOf(await this.#parseAndRoute(body, parsed, secret)) };',
    "const taken = await this.#parseAndRoute(body, parsed, secret).catch(() => ({ outcome: 'ignored' as const }));\n    return { outcome: outcomeOf(taken) };",
  ),
  mutant(
    'thin events are ignored',
    'intake/stripe-events.ts',
    'if (related === null || (type === undefined && billingType === undefined)) return',
    'if (related !== null) return',
  ),
  mutant(
    'an intent that cannot be read is another app’s',
    'intake/ownership.ts',
    'const answer = await intent(claim.ownerIntentId);',
    'const answer = await intent(claim.ownerIntentId).catch(() => undefined);',
  ),
  // The poll.
  mutant(
    'the cursor moves before the round reads',
    'poll/pass.ts',
    'await readTier[tier](round);',
    'await this.#parts.ledger.forAdapters.finishSweep(of.tier, of.number, { upTo: now.toISOString(), summary: { lookedAt: 0, calls: 0, found: 0, rescued: 0 } });\n    await readTier[tier](round);',
  ),
  mutant('an object that fails does not count', 'poll/round.ts', 'counts.failed += 1;', ''),
  mutant('only the first page is read', 'poll/round.ts', 'if (!answer.object.hasMore || after === undefined) return;', 'return;'),
  mutant(
    'a 429 is an empty list',
    'stripe/stripe-request.ts',
    "const { object: list, ...answer } = await this.ask({ ...request, asked: { object: 'list', of } }, listSchema);",
    "const { object: list, ...answer } = await this.ask({ ...request, asked: { object: 'list', of } }, listSchema).catch((error: unknown) => {\n      if (stripeErrorIn(error)?.statusCode !== 429) throw error;\n      return { object: { data: [] as readonly unknown[], has_more: false }, asOf: this.#options.runtime.now().toISOString() };\n    });",
  ),
  {
    name: "a gateway's body is an answer",
    edits: [
      {
        file: 'stripe/answer-check.ts',
        find: 'if (status !== undefined && status >= 400) return',
        replace: 'if (status !== undefined && status >= 1_000) return',
      },
      {
        file: 'stripe/answer-check.ts',
        find: 'if (found.object !== object) return',
        replace: 'if (found.object !== undefined && found.object !== object) return',
      },
      {
        file: 'stripe/answer-check.ts',
        find: 'if (id !== undefined && found.id !== id) return',
        replace: 'if (id !== undefined && found.id !== undefined && found.id !== id) return',
      },
    ],
  },
  mutant(
    'another object is taken for the one that was asked for',
    'stripe/answer-check.ts',
    'if (id !== undefined && found.id !== id) return',
    'if (id !== undefined && found.id === undefined) return',
  ),
  mutant(
    'completed sessions are looked at while they are new alone',
    'poll/object-tier.ts',
    'const since = Date.parse(orders.awaited.oldestPlacedAt) - slackMs;',
    'const since = startedAt.getTime() - slackMs / 6;',
  ),
  mutant(
    'refunds in the balance are passed over',
    'poll/money-tier.ts',
    "case 'refund':\n      return intake.take(source, provenance);",
    '',
  ),
  mutant(
    'charges in the balance are passed over',
    'poll/money-tier.ts',
    'return takeCharge(round, source, answer);',
    "return { outcome: 'ignored' };",
  ),
  mutant(
    'every look is due',
    'poll/due-rounds.ts',
    'if (progress.finished && progress.upTo === undefined) return true;',
    'if (progress.round >= 0) return true;',
  ),
  // By hand.
  mutant(
    'reconcile looks at no dispute',
    'operations/compare-payment.ts',
    'if (money.disputed && money.payment_intent !== null) pages.push(await calls.disputes(id));',
    '',
  ),
  mutant(
    'reconcile lists no refunds',
    'operations/compare-payment.ts',
    'if (money.amount_refunded !== known) pages.push(await refundsOf(money, calls));',
    'if (money.amount_refunded < 0) pages.push(await refundsOf(money, calls));',
  ),
  mutant(
    'reconcile passes over what cost nothing',
    'operations/provider-payments.ts',
    "} else if (total === 0 && status !== 'unpaid') {",
    "} else if (total !== 0 && status !== 'unpaid') {",
  ),
  // Customers.
  mutant(
    'the success page is believed',
    'checkout/refresh-checkout.ts',
    'await intake.take(object, {',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    "const shown = object as { mode: string; payment_intent: null | { id: string } };\n    await intake.take({ ...(object as object), status: 'complete', payment_status: 'paid', payment_intent: shown.payment_intent?.id ?? `pi_${id}` }, {",
  ),
  mutant(
    'the URL is told before the session is attached',
    'checkout/checkout.ts',
    'const attached = await this.#parts.ledger.attachCheckout(',
    "const attached = { outcome: 'attached' as 'attached' | 'belongs_to' };\n    void this.#parts.ledger.attachCheckout(",
  ),
];
