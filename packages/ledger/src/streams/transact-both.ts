// Two streams in one commit, where the store can do it: one try on what this process knows of both. Whatever stands in its way, the
// caller runs the two transactions one after the other, and that decides.
import type { Proposed, Transacted, Transaction, Typed } from './aggregate.ts';
import { propose, type Writer } from './propose.ts';
import type { Revised } from './state-cache.ts';

/** As `Transactions.transactBoth` says. The caller has the turns of both streams. */
export async function transactBoth<Claimed extends Revised, Claim extends Typed, State extends Revised, Event extends Typed, Answer>(
  writer: Writer,
  claim: Transaction<Claimed, Claim, unknown>,
  transaction: Transaction<State, Event, Answer>,
): Promise<Transacted<State, Answer> | undefined> {
  const { store, streams } = writer;
  const claimed = await proposeOnce(writer, claim);
  const proposed = claimed && (await proposeOnce(writer, transaction));
  if (store.appendAll === undefined || claimed === undefined || proposed === undefined) return undefined;
  const both = [claimed, proposed];
  // A crash in it leaves both or none.
  const results = await streams.orForget(both, store.appendAll(both));
  // What is cached stays where one conflicts: it was durable, and the next append is refused where it is old.
  if (!results.every(({ appended }) => appended)) return undefined;
  streams.appended(claimed);
  return streams.appended(proposed);
}

/** Undefined: on what this process knows, or reads now because it knows nothing, there is nothing to append. */
async function proposeOnce<State extends Revised, Event extends Typed, Answer>(
  writer: Writer,
  transaction: Transaction<State, Event, Answer>,
): Promise<Proposed<State, Answer> | undefined> {
  const { aggregate, id } = transaction;
  const known = writer.streams.known<State>(aggregate, id) ?? (await writer.streams.catchUp(aggregate, id, undefined));
  const proposed = propose(writer, transaction, known, false);
  return proposed && proposed.events.length > 0 ? proposed : undefined;
}
