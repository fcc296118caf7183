// Faults that the simulation must find: each is a patch of the source's text. A simulation that misses one proves nothing
// about the code that it passes.

/** One replacement in one file. */
export interface Edit {
  /** The path of the file, relative to `sourceRoot` of `mutate`. */
  readonly file: string;
  /** The text to replace. The file must have it exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** One fault: a name, and the edits that make it. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly [Edit, ...Edit[]];
}

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

export const mutants: readonly Mutant[] = [
  // The gate.
  mutant(
    'append without the expected revision',
    'streams/transact.ts',
    'store.append(stream, known.state.revision, proposal.events)',
    'store.append(stream, (await store.readStream(stream)).length - 1, proposal.events)',
  ),
  mutant(
    'acknowledged before the append',
    'streams/transact.ts',
    'const result: AppendResult = await streams.orForget([proposal], store.append(stream, known.state.revision, proposal.events));',
    `const result = { appended: true, revision: known.state.revision + proposal.events.length } as AppendResult;
    streams.orForget([proposal], store.append(stream, known.state.revision, proposal.events)).catch(() => undefined);`,
  ),
  {
    name: 'cache written before the append, and kept when nobody knows what became of it',
    edits: [
      {
        file: 'streams/transact.ts',
        find: 'const result: AppendResult = await streams.orForget(',
        replace: 'streams.appended(proposal);\n    const result: AppendResult = await streams.orForget(',
      },
      { file: 'streams/folded-streams.ts', find: 'for (const { stream } of proposed) this.forget(stream);', replace: '' },
    ],
  },
  mutant('"not yet" answered from the cache', 'streams/transact.ts', '&& !current && proposal.final !== true', '&& false'),
  mutant(
    'reads answered from the cache',
    'streams/transact.ts',
    'read: async (aggregate, id) => (await streams.catchUp(aggregate, id, streams.known(aggregate, id))).state,',
    'read: async (aggregate, id) => (streams.known<never>(aggregate, id) ?? (await streams.catchUp(aggregate, id, undefined))).state,',
  ),
  mutant(
    'recordedAt by the local clock alone',
    'streams/propose.ts',
    'later(runtime.now().toISOString(), known.recordedAt)',
    'runtime.now().toISOString()',
  ),
  // Two streams in one commit.
  mutant(
    'an engine writes in two streams though one of them conflicts',
    'event-store/memory.ts',
    'const fit = appends.every(',
    'const fit = appends.some(',
  ),
  mutant(
    'a conflict of two streams is taken for an answer',
    'streams/transact-both.ts',
    'if (!results.every(({ appended }) => appended)) return undefined;',
    'if (results.length === 0) return undefined;',
  ),
  mutant(
    'two streams are cached before their append, and kept when nobody knows what became of it',
    'streams/transact-both.ts',
    'const results = await streams.orForget(both, store.appendAll(both));',
    'streams.appended(claimed);\n  streams.appended(proposed);\n  const results = await store.appendAll(both);',
  ),
  mutant('a first payment is recorded without its claim', 'streams/transact-both.ts', '= [claimed, proposed];', '= [proposed];'),
  mutant('a first payment is recorded before its claim', 'streams/transact-both.ts', '= [claimed, proposed];', '= [proposed, claimed];'),
  {
    name: 'a first payment passes over what its name held',
    edits: [
      { file: 'streams/reference-streams.ts', find: '(known(reference)?.revision ?? -1) >= 0 || ', replace: '' },
      {
        file: 'streams/reference-streams.ts',
        find: 'events: revision === -1 ? [linkedTo(orderId)] : []',
        replace: 'events: revision < 9 ? [linkedTo(orderId)] : []',
      },
    ],
  },
  mutant(
    'a first payment does not ask whose its aliases are',
    'streams/reference-streams.ts',
    ' || !aliases.every((alias) => isOurs(known(alias)))',
    '',
  ),
  // The reference protocol.
  mutant(
    'record before claim',
    'observe-payment.ts',
    'await this.#linkPayment(pass, observed, owner);\n    const forwarded = await this.#forwardAll(pass);\n    const result = await this.#record(pass, observed, seenRevision);',
    `const early = await this.#orders.command(owner, causeOf(observed), { type: 'observe', observed });
    await this.#linkPayment(pass, observed, owner);
    const forwarded = await this.#forwardAll(pass);
    const result = resultOf(early.state, early.events);`,
  ),
  mutant(
    'no roll-forward',
    'subscribers/roll-forward.ts',
    'for (const stored of events) {',
    'for (const stored of events.slice(events.length)) {',
  ),
  {
    name: 'roll-forward moves its cursor first',
    edits: [
      { file: 'subscribers/subscribers.ts', find: 'const failed = await rollForward(events, writer);', replace: '' },
      {
        file: 'subscribers/subscribers.ts',
        find: "await file.advance('roll-forward', { events, next }, (from) => skippedRows.add(failed, from));",
        replace:
          "await file.advance('roll-forward', { events, next }, () => undefined);\n      const failed = await rollForward(events, writer);",
      },
    ],
  },
  mutant(
    'the last link wins',
    'streams/reference-streams.ts',
    'if (owner === undefined) return { events: [linked]',
    'if (owner !== ownerBy(linked)) return { events: [linked]',
  ),
  mutant(
    'held after the link',
    'streams/reference-streams.ts',
    'if (owner !== undefined) return { events: [], answer: owner, final: true };',
    '',
  ),
  mutant(
    'held under the payment alone',
    'observe-payment.ts',
    'of referenceNamesOf(observed)) {',
    'of referenceNamesOf(observed).slice(0, 1)) {',
  ),
  mutant(
    'aliases are not claimed',
    'observe-payment.ts',
    'for (const alias of aliases) await this.#linkReference(pass, alias, owner);',
    'for (const alias of aliases) pass.links.set(alias, { owner, formerOwners: [], held: [] });',
  ),
  mutant(
    'attach does not claim',
    'observe-payment.ts',
    'const { owner } = await this.#references.link(name, orderId);',
    'const owner: string = orderId;',
  ),
  mutant('two providers share an id', 'observation.ts', 'return isUnique ? id :', "return id !== '' ? id :"),
  // Moving a payment.
  mutant(
    'observations do not follow a move',
    'observe-payment.ts',
    'of await this.#orders.observationsOf(fromOrderId, payment)) {',
    'of (await this.#orders.observationsOf(fromOrderId, payment)).slice(0, 0)) {',
  ),
  mutant(
    'moves are not rolled forward',
    'subscribers/roll-forward.ts',
    "if (event.type === 'PaymentMoved') await",
    "if (event.type !== 'PaymentMoved') await",
  ),
  mutant('a payment that access was given on moves', 'order/decide.ts', 'isGranting(before, payment) ||', ''),
  mutant(
    'a payment comes back',
    'move-payment.ts',
    "if (links.some((link) => link.orderId === toOrderId)) return { outcome: 'left_before' };",
    '',
  ),
  mutant(
    'a payment that only paused an order stays',
    'order/decide.ts',
    "const hasAccess = isCounting && access === 'full' && before.membership !== 'none';",
    'const hasAccess = isCounting;',
  ),
  mutant(
    'orderOf stops at a former owner',
    'streams/payment-owner.ts',
    'owner = move.toOrderId;\n    name = referenceName(move.payment);',
    'return order;',
  ),
  mutant(
    'a session that is moved takes no payment along',
    'move-payment.ts',
    'const payment = await paymentNamed(owners, named);',
    'const payment = named;',
  ),
  // Importing an order.
  mutant(
    'an import hands nothing on',
    'observe-payment.ts',
    'command);\n    await this.#forwardAll(pass);\n    const moved',
    'command);\n    const moved',
  ),
  mutant(
    'an import ignores an alias of another order',
    'observe-payment.ts',
    "type: 'import', order, ...withoutOverruled(observed, ownership) }",
    "type: 'import', order, observed }",
  ),
  mutant(
    'an import settles more than the grant',
    'order/decide.ts',
    '{ sequence: grant.data.sequence } });',
    '{ sequence: trail.state.sequence } });',
  ),
  mutant('what was imported is delivered', 'order/decide.ts', 'if (grant) trail.add(', 'if (grant && grant.data.sequence > 1) trail.add('),
  // The order.
  mutant('a withdrawn order is granted', 'order/access.ts', 'return order.withdrawn === undefined && fits(', 'return fits('),
  mutant(
    'nobody is asked about what was paid after the withdrawal',
    'order/access.ts',
    "if (isPaidInVain(order, payment, placed, policy)) reasons.push('withdrawn');",
    '',
  ),
  mutant('an order is withdrawn after its grant', 'order/withdrawal.ts', 'if (sequence > 0)', 'if (sequence > 1_000)'),
  mutant('known, whoever said it', 'order/decide.ts', '?.includes(observed.source) === true', ' !== undefined'),
  mutant('noise is kept', 'order/decide.ts', '?.includes(observed.source) === true', '?.length === 0'),
  mutant(
    'a refund that failed late stays succeeded',
    'order/facts.ts',
    "'requires_action', 'succeeded', 'canceled', 'failed'];",
    "'requires_action', 'canceled', 'failed', 'succeeded'];",
  ),
  mutant('movements of a dispute are not counted', 'order/facts.ts', 'a.movements - b.movements ||', ''),
  mutant('a mismatch counts', 'order/access.ts', ".every((mismatch) => mismatch === 'overpaid')", '.every(() => true)'),
  mutant('two reviews where currency and amount differ', 'order/access.ts', "return [...found, 'currency'];", "found.push('currency');"),
  mutant(
    'a second open review of conflicting evidence',
    'order/trail.ts',
    'review.resolution === undefined && review.kind === kind &&',
    "review.resolution === undefined && kind !== 'conflicting_evidence' && review.kind === kind &&",
  ),
  mutant(
    'what is paid again does not wait for a person',
    'order/access.ts',
    "if (policy.paidAgain === 'review' && hasReview(",
    "if (policy.paidAgain !== 'review' && policy.paidAgain !== 'restore' && hasReview(",
  ),
  mutant(
    'nobody is asked about what is paid again',
    'order/decide.ts',
    'for (const payment of furtherPayments(before, trail.state, policy)) {',
    "for (const payment of furtherPayments(before, trail.state, policy).slice(0, before.membership === 'revoked' ? 0 : 9)) {",
  ),
  mutant('a stale ruling is taken', 'order/decide.ts', ' || (hasChanged && seenRevision < before.changedAtRevision)', ''),
  mutant(
    'nobody is told that two orders were named',
    'order/decide.ts',
    "trail.openReviewOnce('claimed_by_two', observed.payment, observed.observedAt);",
    '',
  ),
  // Delivery.
  mutant(
    'the shop does not look at the sequence',
    'testing/simulation/shop.ts',
    'stored !== undefined && stored.sequence >= sequence',
    'stored !== undefined && sequence < 0',
  ),
  mutant(
    'delivery passes the wrong sequence',
    'delivery/delivered-orders.ts',
    '...changes[type], sequence, paidAt,',
    '...changes[type], sequence: 1, paidAt,',
  ),
  mutant(
    'delivered settles decisions that came meanwhile',
    'delivery/shop-ahead.ts',
    "delivery.settled >= sequence ? [] : [{ type: 'MembershipDelivered', data: { sequence } }];",
    "[{ type: 'MembershipDelivered', data: { sequence: newest } }];",
  ),
  mutant(
    'taken over without its event',
    'delivery/delivery.ts',
    'const takenOver = await takeOver(id, this.#options, (newest) => isPending(newest) && newest.delivery.revision === revision);',
    'const takenOver = now;',
  ),
  mutant('taken over at once', 'delivery/delivery.ts', "owner === '' ? lane.seenAtMs : lane.retryAtMs + this.#patienceMs", 'lane.seenAtMs'),
  mutant(
    'taking over is never waited for longer',
    'order/delivery-state.ts',
    'const waitMs = backOffMs(delivery.failures);',
    'const waitMs = 0;',
  ),
  mutant(
    'the older attempt is not awaited',
    'delivery/lanes.ts',
    'if (lane.running || this.#stopping) continue;',
    'if (this.#stopping) continue;',
  ),
  mutant('a shop that hangs is waited for', 'delivery/attempt.ts', 'await Promise.race([call, timeout])', 'await call'),
  mutant(
    'what was pending at the start is not looked at',
    'subscribers/follow-deliveries.ts',
    'kind.delivery.onPendingAtStart(id, state, await agoMs(kind, id, state));',
    'void id;',
  ),
  mutant('given up after a minute', 'order/delivery-state.ts', 'HorizonMs: number = 72 * 3_600_000;', 'HorizonMs: number = 60_000;'),
  mutant(
    'a decision whose reply was lost is taken to be in hand',
    'delivery/delivery.ts',
    'owner === this.#options.instance && this.#lanes.find(id) !== undefined;',
    'owner === this.#options.instance;',
  ),
  mutant(
    'a decision seen while an older one is delivered is not looked at again',
    'delivery/delivery.ts',
    'if (lane.sequence > sequence) this.#lanes.dueAt(lane, this.#now());',
    '',
  ),
  mutant(
    'a failure whose reply was lost is not waited for',
    'delivery/delivery.ts',
    'isOurs ? lane.retryAtMs : lane.takeOverAtMs',
    'isOurs ? 0 : lane.takeOverAtMs',
  ),
  mutant(
    'delivery waits by the wall clock',
    'delivery/delivery.ts',
    '  #now(): number {\n    return this.#options.runtime.monotonicNowMs();',
    '  #now(): number {\n    return this.#options.runtime.now().getTime();',
  ),
  // Processes on one file, and releases side by side.
  mutant(
    'what another process has applied to the file is applied again',
    'read-models/order-read-models.ts',
    'all.filter(({ position }) => position > from)',
    'all',
  ),
  mutant('nobody is alerted of what cannot be read', 'subscribers/skipped-streams.ts', 'headReached = true;', 'return;'),
  mutant(
    'an event of a newer release is read as a known one',
    'event-store/event-versions.ts',
    'schemas.length === 0 || version > schemas.length',
    'schemas.length === 0',
  ),
  // The sweep.
  mutant('a round is not elected', 'streams/sweep-streams.ts', 'round === seenRound', 'round >= seenRound'),
  // A log that was put back.
  mutant(
    'a log that went back is read on',
    'event-store/memory.ts',
    '?.id !== event.id) known.missed(',
    '?.id !== event.id && false) known.missed(',
  ),
  mutant(
    'a shop that is ahead counts as delivered',
    'delivery/shop-ahead.ts',
    'if (stored > newest) {',
    'if (stored > newest && stored < sequence) {',
  ),
  mutant(
    'what the shop lacks is not delivered again',
    'order/delivery-state.ts',
    'Math.min(delivery.settled, event.data.sequence - 1)',
    'delivery.settled',
  ),
];
