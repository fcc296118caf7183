// Read, fold, decide, append: the only code of a ledger that writes to a stream. The gate is the expected revision
// of the append (laws 2 and 3); no check before it counts. One transaction:
//   1. Wait until earlier callers of this process have left the stream.
//   2. Take the folded state from the cache, or read the stream and fold it.
//   3. Decide on that state, and fold the proposed events.
//   4. If nothing is proposed, answer; from a cached state only if the answer is final, else read the stream first.
//   5. Append the events at the revision of that state.
//   6. Cache the new state and answer.
//   7. On a conflict, read what other processes appended and go back to 3, for 15 s at most.
// Two streams in one commit is the same without the loop: one try on what is known of both, and all of it or nothing is written.
import { getHeapStatistics } from 'node:v8';
import { LedgerError } from '../errors.ts';
import type { AppendResult, EventMetadata, EventStore } from '../event-store/event-store.ts';
import type { Runtime } from '../runtime.ts';
import type { Aggregate, Proposal, Proposed, Transacted, Transaction, Typed } from './aggregate.ts';
import { FoldedStreams } from './folded-streams.ts';
import { propose, type Writer } from './propose.ts';
import { readConflict } from './read-conflict.ts';
import { type Folded, type Revised, StateCache } from './state-cache.ts';
import { transactBoth } from './transact-both.ts';
import { turnTaker } from './turn-taker.ts';

export interface Transactions {
  /**
   * Runs `decide` on the newest state until its events are durable. `decide` is pure: it may run several times.
   * @throws LedgerError `contention`: other processes were faster for 15 s; nothing was written. `corrupt`, `file_newer`:
   *   the stream cannot be read. Also what `decide`, `readStream` and `append` throw; after `store_unavailable` nobody knows
   *   whether the events were stored.
   */
  transact<State extends Revised, Event extends Typed, Answer>(
    aggregate: Aggregate<State, Event>,
    id: string,
    metadata: EventMetadata,
    decide: (state: State) => Proposal<Event, Answer>,
  ): Promise<Transacted<State, Answer>>;
  /**
   * Runs two transactions on different streams in one commit; the events of `claim` stand before those that rest on them. Undefined:
   * nothing was written, so run them one after the other: one of them proposes nothing on what this process knows, or another process
   * was faster. Absent: the store cannot do it.
   * @throws LedgerError as `transact`, but no `contention`.
   */
  transactBoth?<Claimed extends Revised, Claim extends Typed, State extends Revised, Event extends Typed, Answer>(
    claim: Transaction<Claimed, Claim, unknown>,
    transaction: Transaction<State, Event, Answer>,
  ): Promise<Transacted<State, Answer> | undefined>;
  /**
   * The state as this process last folded it. Undefined: it has none. Another process may have appended since, so only what stays
   * true for ever may rest on it.
   */
  known<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): State | undefined;
  /** The stream should have no events: the next transaction reads none before its append, whose conflict tells if it has some. */
  assumeNew<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): void;
  /** Strong: folds every append that was acknowledged before the call. @throws LedgerError as `transact`, but no `contention`. */
  read<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): Promise<State>;
  /** Strong: the events themselves, in their current shapes. @throws LedgerError as `read`. */
  history<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): Promise<readonly Event[]>;
}

export interface TransactionOptions {
  readonly store: EventStore;
  readonly runtime: Runtime;
  /** This process, as it is named in the metadata of its events; empty where it delivers nothing. */
  readonly instance: string;
  /** How long the JSON of cached states may be together, in characters. A state that is longer is not cached. Default 32 Mi. */
  readonly cachedCharacters?: number;
  /** The same of states that have no room there and are packed. Default: a sixteenth of the bytes that V8 may use. */
  readonly packedCharacters?: number;
}

/** How long a transaction tries against other writers. */
const deadlineMs = 15_000;

/** The transactions of one process on one store. They share a cache, and queue per stream. */
export function openTransactions({
  store,
  runtime,
  instance,
  cachedCharacters = 32 * 1_024 * 1_024,
  packedCharacters = Math.floor(getHeapStatistics().heap_size_limit / 16),
}: TransactionOptions): Transactions {
  const streams = new FoldedStreams(store, new StateCache(cachedCharacters, packedCharacters));
  const writer: Writer = { store, streams, runtime, instance };
  const inTurn = turnTaker();
  return {
    transact: (aggregate, id, metadata, decide) =>
      inTurn(aggregate.stream(id), () => transact(writer, { aggregate, id, metadata, decide })), // 1
    ...(store.appendAll && {
      transactBoth: async (claim, transaction) => {
        // In one order of all streams: so two callers never wait for each other's second turn.
        const [first = '', second = ''] = [claim.aggregate.stream(claim.id), transaction.aggregate.stream(transaction.id)].sort();
        return inTurn(first, () => inTurn(second, () => transactBoth(writer, claim, transaction)));
      },
    }),
    known: <State extends Revised>(aggregate: Pick<Aggregate<State, never>, 'stream'>, id: string) => streams.known(aggregate, id)?.state,
    assumeNew: (aggregate, id) => streams.assumeNew(aggregate, id),
    history: async (aggregate, id) => (await store.readStream(aggregate.stream(id))).map((event) => aggregate.read(event)),
    read: async (aggregate, id) => (await streams.catchUp(aggregate, id, streams.known(aggregate, id))).state,
  };
}

async function transact<State extends Revised, Event extends Typed, Answer>(
  writer: Writer,
  transaction: Transaction<State, Event, Answer>,
): Promise<Transacted<State, Answer>> {
  const { store, streams, runtime } = writer;
  const { aggregate, id } = transaction;
  const stream = aggregate.stream(id);
  const deadline = runtime.monotonicNowMs() + deadlineMs * runtime.patience;
  let known = streams.known<State>(aggregate, id); // 2
  let current = known === undefined; // True: `known` was read from the store in this call. Set here and after each `catchUp`.
  known ??= await streams.catchUp(aggregate, id, undefined);
  for (let conflicts = 0; ; ) {
    const proposal: Proposed<State, Answer> | undefined = propose(writer, transaction, known, current); // 3
    if (proposal === undefined || (proposal.events.length === 0 && !current && proposal.final !== true)) {
      known = await streams.catchUp(aggregate, id, known); // 4
      current = true;
      continue;
    }
    if (proposal.events.length === 0) return { state: known.state, answer: proposal.answer }; // 4
    // 5: A crash before the append leaves nothing behind; a crash in it leaves all of the events or none.
    const result: AppendResult = await streams.orForget([proposal], store.append(stream, known.state.revision, proposal.events));
    // 6: A crash here leaves the events, and a caller without an answer: its retry folds them and proposes nothing new.
    if (result.appended) return streams.appended(proposal);
    if (runtime.monotonicNowMs() > deadline) {
      throw new LedgerError(
        'contention',
        `${stream}: other writers were faster for ${deadlineMs / 1000} s. Nothing was written; try again`,
      );
    }
    // 7: The conflict wrote nothing. After a restore of the log from a backup, the stream is folded from its start.
    const from: Folded<State> | undefined = result.actualRevision < known.state.revision ? undefined : known;
    if (from === undefined) streams.forget(stream);
    if (conflicts++ > 0) await runtime.sleep(runtime.random() * Math.min(200, 2 ** conflicts));
    known = await readConflict(runtime, { stream, result, from: from?.state.revision ?? -1 }, () => streams.catchUp(aggregate, id, from));
    current = true;
  }
}
