// The queue in front of the server, with group commit: appends that arrive while a group is under way share the next one. One
// group of a process is under way at a time. Each append is answered after the COMMIT.
import { LedgerError } from '../../errors.ts';
import { nextTurn, type Runtime } from '../../runtime.ts';
import type { AppendResult } from '../event-store.ts';
import type { LastKnown } from '../log-went-back.ts';
import type { CheckedAppend } from '../stored-text.ts';
import type { AppendAnswer, AppendCall } from './append-call.ts';
import type { Connections } from './connections.ts';
import { callFailed, type FailureMeaning, meaningOf } from './failure.ts';
import { Pauses } from './retry.ts';

/** Larger groups are not faster, and hold the log's lock for longer. */
const groupAppends = 512;
const groupBytes = 1024 * 1024;
/** If more appends wait, the server is too slow, and their callers would give up before their turn. */
const queuedAppends = 10_000;
const queuedBytes = 16 * 1024 * 1024;

export interface WriterOptions {
  readonly connections: Connections;
  readonly call: AppendCall;
  readonly known: LastKnown<number>;
  /** The name of the log in messages. */
  readonly schema: string;
  readonly runtime: Runtime;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  /** Called after each commit. */
  readonly onCommit: () => void;
}

/** A set of appends, in one commit whole or not at all. */
interface Waiting {
  readonly appends: readonly CheckedAppend[];
  readonly bytes: number;
  readonly deadline: number;
  readonly resolve: (results: readonly AppendResult[]) => void;
  readonly reject: (error: unknown) => void;
  /** True: it was sent, and whether it is stored is not known. Written by `#failed`. */
  inDoubt: boolean;
}

export class Writer {
  readonly #options: WriterOptions;
  /** The sets that wait or are under way, in order of arrival. Written by `append` and `#leave`. */
  #queue: Waiting[] = [];
  /** How many bytes wait. Written by `append` and `#leave`. */
  #bytes = 0;
  /** How many of the first sets are sent singly, because their group was `corrupt`. Written by `#failed` and `#leave`. */
  #alone = 0;
  /** The loop that commits. Undefined: nothing waits. Written by `append` and `#run`. */
  #running: Promise<void> | undefined;
  /** The pauses since the last answer. Written by `#commitGroup`. */
  #pauses: Pauses;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#pauses = new Pauses(options.runtime);
  }

  /**
   * Queues appends that are made together: usually one. Resolves after their commit, with a result for each.
   * @throws LedgerError `store_busy`: the queue is full, or other sessions held the lock; nothing was written. `store_full`,
   *   `corrupt`, `log_went_back`: likewise. `store_unavailable`: the message says whether it was written.
   */
  append(appends: readonly CheckedAppend[]): Promise<readonly AppendResult[]> {
    const bytes = appends.reduce((sum, append) => sum + append.bytes, 0);
    if (this.#queue.length >= queuedAppends || this.#bytes + bytes > queuedBytes) return Promise.reject(this.#full());
    const deadline = this.#options.runtime.monotonicNowMs() + this.#options.timeoutMs;
    return new Promise((resolve, reject) => {
      this.#queue.push({ appends, bytes, deadline, resolve, reject, inDoubt: false });
      this.#bytes += bytes;
      this.#running ??= this.#run();
    });
  }

  /** Resolves once all appends in the queue are answered. */
  async drain(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // All callers of this turn of the event loop are in the queue when the next turn begins.
      await nextTurn();
      const waitMs = await this.#commitGroup();
      if (waitMs > 0) await this.#options.runtime.sleep(waitMs);
    }
    this.#running = undefined;
  }

  /** Sends one group until it has an answer, or is given up. Returns how long to wait before the next attempt. */
  async #commitGroup(): Promise<number> {
    const { connections, call, known, attemptTimeoutMs, onCommit } = this.#options;
    const group = this.#nextGroup();
    try {
      known.refuseLost();
      const answer = await connections.use(attemptTimeoutMs, (client) =>
        call.run(
          client,
          group.map(({ appends }) => appends),
          known.event,
        ),
      );
      this.#pauses = new Pauses(this.#options.runtime);
      this.#answer(this.#leave(group.length), answer);
      onCommit();
      return 0;
    } catch (error) {
      return this.#failed(group, error);
    }
  }

  #answer(group: readonly Waiting[], { results, last, unconfirmed }: AppendAnswer): void {
    if (unconfirmed) {
      for (const { appends, reject } of group) reject(unconfirmedCommit(appends));
      return;
    }
    if (last) this.#options.known.note(last);
    for (const [index, { resolve }] of group.entries()) resolve(results[index] ?? []);
  }

  /** Decides what a failure means for the group. The same appends are sent again: their ids settle them under the lock. */
  #failed(group: readonly Waiting[], error: unknown): number {
    const meaning = meaningOf(error);
    if (meaning === undefined || meaning.kind === 'went_back') {
      const said = meaning === undefined ? error : this.#wentBack();
      const all = said instanceof LedgerError && said.code === 'log_went_back';
      for (const { reject } of this.#leave(all ? this.#queue.length : group.length)) reject(said);
      return 0;
    }
    if (meaning.kind === 'again') {
      if (meaning.doubt) for (const waiting of group) waiting.inDoubt = true;
      this.#reject(this.#leave(this.#overdue()), meaning, error);
      return this.#pauses.next();
    }
    // One damaged stream must not fail the other appends: a caller does not repeat an append that was `corrupt`.
    if (meaning.kind === 'refused' && meaning.code === 'corrupt' && group.length > 1) {
      this.#alone = group.length;
      return 0;
    }
    this.#reject(this.#leave(group.length), meaning, error);
    return 0;
  }

  #reject(given: readonly Waiting[], meaning: FailureMeaning, error: unknown): void {
    const { timeoutMs } = this.#options;
    for (const { appends, inDoubt, reject } of given) {
      reject(callFailed({ what: `${streamsOf(appends)}: the append`, meaning, error, inDoubt, timeoutMs }));
    }
  }

  #wentBack(): unknown {
    const { known, schema } = this.#options;
    const { id, position } = known.event ?? { id: '?', position: 0 };
    try {
      return known.missed(`Event ${id} at position ${position}, which this process knows, is no longer in the log (schema ${schema})`);
    } catch (error) {
      return error;
    }
  }

  /**
   * Returns the first sets of the queue, up to the limits, but at least one. A group ends before a stream that it holds:
   * what is called in order is written in order, and the function may judge all streams at once.
   */
  #nextGroup(): readonly Waiting[] {
    if (this.#alone > 0) return this.#queue.slice(0, 1);
    const streams = new Set<string>();
    let bytes = 0;
    let count = 0;
    for (const { appends, ...each } of this.#queue) {
      bytes += each.bytes;
      const isFull = streams.size + appends.length > groupAppends || bytes > groupBytes;
      if (count > 0 && (isFull || appends.some(({ stream }) => streams.has(stream)))) break;
      for (const { stream } of appends) streams.add(stream);
      count += 1;
    }
    return this.#queue.slice(0, count);
  }

  /** Returns how many appends are past their deadline. They are the first of the queue, because deadlines follow arrival. */
  #overdue(): number {
    const now = this.#options.runtime.monotonicNowMs();
    const inTime = this.#queue.findIndex(({ deadline }) => deadline > now);
    return inTime === -1 ? this.#queue.length : inTime;
  }

  /** Removes the first appends from the queue, and returns them. */
  #leave(count: number): readonly Waiting[] {
    const left = this.#queue.splice(0, count);
    this.#alone = Math.max(0, this.#alone - count);
    for (const { bytes } of left) this.#bytes -= bytes;
    return left;
  }

  #full(): LedgerError {
    return new LedgerError(
      'store_busy',
      `${this.#queue.length} appends (${this.#bytes} bytes) are waiting for PostgreSQL. Nothing was written; try again later.`,
    );
  }
}

function streamsOf(appends: readonly CheckedAppend[]): string {
  return appends.map(({ stream }) => stream).join(' and ');
}

function unconfirmedCommit(appends: readonly CheckedAppend[]): LedgerError {
  return new LedgerError(
    'store_unavailable',
    `${streamsOf(appends)}: somebody cancelled the wait for the standby. The append is on the disk of one server alone, and a failover can lose it. ` +
      'Sending it again with the same ids waits for the standby.',
  );
}
