// The rules of a stream that is decided, of an order or of a subscription: each append must add what the decider adds after the
// events before it, under the policy that it names. The state then continues with what the log has, so that one false event is
// one finding.
import { isDeepStrictEqual } from 'node:util';
import { LedgerError } from '../../errors.ts';
import { type Deliverable, isDeliveryEvent } from '../../order/delivery-state.ts';
import type { Aggregate, Typed } from '../../streams/aggregate.ts';
import { verifyDelivery } from './delivery-rules.ts';
import { eventText, findingAt, type Report, type Rule } from './finding.ts';
import type { AdoptedPolicies, AdoptedPolicy } from './policies.ts';
import type { ReadStream, TypedRow } from './read-stream.ts';
import type { VerifyContext } from './verify-context.ts';

/** A kind of stream that is decided. */
export interface DecidedStreams<State extends Deliverable, Event extends Typed, Command extends { readonly type: string }, Policy> {
  readonly noun: 'order' | 'subscription';
  readonly aggregate: Aggregate<State, Event>;
  policiesIn(policies: AdoptedPolicies): ReadonlyMap<string, AdoptedPolicy<Policy>>;
  /** The command that led to an append, as its events show it. Undefined: no command begins with that event. */
  commandOf(before: State, rows: readonly TypedRow<Event>[], at: number, context: VerifyContext): Command | undefined;
  /** @throws LedgerError the command is refused. */
  decide(before: State, command: Command, policy: Policy): readonly Event[];
  /** The rule that is broken where a command added an event, and should have added none. Default `decision`. */
  readonly emptyRules: Readonly<Partial<Record<Command['type'], Rule>>>;
  /** The rule that is broken where the event stands, or is missing. */
  ruleOf(before: State, event: Event): Rule;
  /** True if the event may begin an append although no command begins with it. */
  mayStandAlone(before: State, event: Event): boolean;
  /** True if the event may stand between those that the decider adds: what led to it was known, so it stands in no event. */
  mayStandBetween?(before: State, event: Event): boolean;
  /** Reports what is wrong with an event by itself, whoever decided it. */
  judge?(before: State, row: TypedRow<Event>, policy: Policy | undefined, context: VerifyContext): void;
}

/** Judges a stream. Returns for how many appends the decisions were made again. */
export function verifyDecided<State extends Deliverable, Event extends Typed, Command extends { readonly type: string }, Policy>(
  kind: DecidedStreams<State, Event, Command, Policy>,
  stream: ReadStream,
  context: VerifyContext,
): number {
  const rows = readRows(kind.aggregate, stream, context.report);
  let state = kind.aggregate.initial(stream.name.slice(kind.aggregate.stream('').length));
  let verified = 0;
  for (let at = 0; at < rows.length; ) {
    const row = rows[at] as TypedRow<Event>;
    const command = isDeliveryEvent(row.event) ? undefined : kind.commandOf(state, rows, at, context);
    const policy = policyOf(kind, row, context);
    let matched = 1;
    if (isDeliveryEvent(row.event)) verifyDelivery(state, row, rows[at - 1], context.report);
    else if (command === undefined) verifyAlone(kind, state, row, context.report);
    else if (policy) {
      matched = verifyAppend({ kind, rows, at, report: context.report }, state, command, policy);
      verified += 1;
    }
    for (const end = at + matched; at < end; at++) {
      const each = rows[at] as TypedRow<Event>;
      kind.judge?.(state, each, policy, context);
      try {
        state = kind.aggregate.evolve(state, each.event, each.stored.metadata['instance'] ?? '');
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        context.report(findingAt(each.row, kind.ruleOf(state, each.event), 'an event that can follow the ones before it', error.message));
        return verified; // Without a valid state the rest of the stream cannot be judged.
      }
    }
  }
  return verified;
}

/** Parses the events up to the first that cannot be read. */
function readRows<Event extends Typed>(
  { read }: Pick<Aggregate<Deliverable, Event>, 'read'>,
  { events }: ReadStream,
  report: Report,
): readonly TypedRow<Event>[] {
  const rows: TypedRow<Event>[] = [];
  for (const { row, stored } of events) {
    try {
      rows.push({ row, stored, event: read(stored) });
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      report(findingAt(row, 'schema', `${row.type} at its schema version`, error.message));
      break;
    }
  }
  return rows;
}

function policyOf<State extends Deliverable, Event extends Typed, Command extends { readonly type: string }, Policy>(
  kind: DecidedStreams<State, Event, Command, Policy>,
  { row, stored }: TypedRow<Event>,
  context: VerifyContext,
): Policy | undefined {
  const { policy: hash = '' } = stored.metadata;
  const adopted = kind.policiesIn(context.policies).get(hash);
  if (adopted && adopted.position < row.position) return adopted.policy;
  const found = adopted ? 'it was adopted later' : 'no policy of that name was adopted';
  context.report(findingAt(row, 'policy', `policy ${hash || '(none named)'} was adopted before`, found));
  return undefined;
}

interface Place<State extends Deliverable, Event extends Typed, Command extends { readonly type: string }, Policy> {
  readonly kind: DecidedStreams<State, Event, Command, Policy>;
  readonly rows: readonly TypedRow<Event>[];
  readonly at: number;
  readonly report: Report;
}

/** Judges one append. Returns how many events it has. */
function verifyAppend<State extends Deliverable, Event extends Typed, Command extends { readonly type: string }, Policy>(
  { kind, rows, at, report }: Place<State, Event, Command, Policy>,
  before: State,
  command: Command,
  policy: Policy,
): number {
  const first = rows[at] as TypedRow<Event>;
  const expected = decided(() => kind.decide(before, command, policy));
  if (typeof expected === 'string' || expected.length === 0) {
    const rule = kind.emptyRules[command.type as Command['type']] ?? 'decision';
    const found = typeof expected === 'string' ? expected : eventText(first.event);
    report(findingAt(first.row, rule, `nothing is added: the ${kind.noun} knew it`, found));
    return 1;
  }
  let matched = 0;
  for (const event of expected) {
    const next = rows[at + matched];
    if (matched > 0 && next && next.event.type !== event.type && kind.mayStandBetween?.(before, next.event)) matched += 1;
    const found = rows[at + matched];
    if (found?.event.type !== event.type) {
      // The expected event is missing. The event that is here is judged separately.
      report(findingAt(first.row, kind.ruleOf(before, event), `after it ${eventText(event)}`, eventText(found?.event)));
      continue;
    }
    if (matched > 0 && !isDeepStrictEqual(found.event.data, event.data)) {
      report(findingAt(found.row, kind.ruleOf(before, event), eventText(event), eventText(found.event)));
    }
    if (matched > 0 && !isOneAppend(first, found)) {
      report(findingAt(found.row, 'append', `the metadata of the append: ${first.row.metadata}`, found.row.metadata));
    }
    matched += 1;
  }
  return Math.max(matched, 1);
}

function decided<Event>(decide: () => readonly Event[]): readonly Event[] | string {
  try {
    return decide();
  } catch (error) {
    if (error instanceof LedgerError) return error.message;
    throw error;
  }
}

/** Reports an event with which no command begins. */
function verifyAlone<State extends Deliverable, Event extends Typed, Command extends { readonly type: string }, Policy>(
  kind: DecidedStreams<State, Event, Command, Policy>,
  before: State,
  { row, event }: TypedRow<Event>,
  report: Report,
): void {
  if (kind.mayStandAlone(before, event)) return;
  report(findingAt(row, kind.ruleOf(before, event), 'nothing: the facts before it lead to no such event', eventText(event)));
}

/** True if both events have the metadata of one append. Only the schema version may differ, from type to type. */
export function isOneAppend(a: TypedRow<Typed>, b: TypedRow<Typed>): boolean {
  if (a.row.metadata === b.row.metadata) return true;
  const { version: _a, ...first } = a.stored.metadata;
  const { version: _b, ...second } = b.stored.metadata;
  return isDeepStrictEqual(first, second);
}
