// Signs checkpoints of the log while the ledger runs: at each multiple of 1,000 events, and also when a minute has passed
// and something was appended. Never signs what contradicts a checkpoint that it has signed before.
import type { Alert } from '../../alerts.ts';
import { LedgerError } from '../../errors.ts';
import type { EventStore } from '../../event-store/event-store.ts';
import type { Logger } from '../../logger.ts';
import type { Runtime } from '../../runtime.ts';
import { appendToFile } from '../../written-files.ts';
import { checkpointEvents, followTree, type TreeFollower, type TreeGrowth } from '../tree/tree-follower.ts';
import { readCheckpointFile } from './checkpoint-file.ts';
import { CheckpointHook } from './checkpoint-hook.ts';
import type { CheckpointSettings, SignedCheckpoint } from './checkpoint-settings.ts';
import { refuseOrigin, signCheckpoint } from './signed-checkpoint.ts';
import { type NoteSigner, parseSignerKey } from './signed-note.ts';

export interface Checkpointer {
  /** Signs in the background until `stop`. */
  start(): void;
  /** Signs once, up to the present end of the log. Never rejects: a failure has its alert, and the next pass tries again. */
  catchUp(): Promise<void>;
  /** Stops, after a last checkpoint if that is possible before the deadline (monotonic). */
  stop(deadlineMs: number): Promise<void>;
}

interface CheckpointerOptions {
  readonly store: EventStore;
  readonly settings: CheckpointSettings;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly onAlert: (alert: Alert) => void;
}

const pollMs = 1_000;
const longestMs = 60_000;

/** Opens the checkpointer. @throws LedgerError `invalid_input`: a key or the origin cannot be used, or there is no key. */
export function openCheckpointer(options: CheckpointerOptions): Checkpointer {
  return new FollowingCheckpointer(options);
}

class FollowingCheckpointer implements Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #signers: readonly NoteSigner[];
  readonly #hook: CheckpointHook;
  /** Aborted by `stop`. */
  readonly #stopping = new AbortController();
  /** The background loop. Written by `start`. */
  #loop: Promise<void> = Promise.resolve();
  /** The newest pass; passes run one after the other. Written by `#inTurn`. */
  #turn: Promise<void> = Promise.resolve();
  /** The pass that `catchUp` asked for, until it begins: it is for all who ask meanwhile. Written by `catchUp`. */
  #waiting: Promise<void> | undefined;
  /** Written by `#advance`. */
  #tree: TreeFollower | undefined;
  /** What was signed before. Key: size; value: root, base64. Written by `#readFile` and `#sign`. */
  readonly #signed = new Map<number, string>();
  /** The largest size that was signed; 0: none. Written by `#readFile` and `#sign`. */
  #largest = 0;
  /** Set by `#readFile`, cleared by `#sign` where the file could not be written. */
  #isFileRead = false;
  /** Up to where the file was read, in bytes. Written by `#readFile`. */
  #readUpTo = 0;
  /** When the last checkpoint was signed (monotonic). Written by `start` and `#sign`. */
  #signedAtMs = Number.NEGATIVE_INFINITY;
  /** Set by `#contradiction`, for good. */
  #contradicted = false;
  /** How many passes failed in a row. Written by `#attempt` and `#failed`. */
  #failures = 0;

  constructor(options: CheckpointerOptions) {
    const { key, origin } = options.settings;
    refuseOrigin(origin);
    this.#options = options;
    this.#hook = new CheckpointHook(options.settings.onCheckpoint, options.runtime);
    this.#signers = (typeof key === 'string' ? [key] : key).map(parseSignerKey);
    if (this.#signers.length === 0)
      throw new LedgerError('invalid_input', 'checkpoints.key is an empty list. `paidonce key NAME` makes a pair');
  }

  start(): void {
    this.#signedAtMs = this.#options.runtime.monotonicNowMs();
    this.#loop = this.#follow();
  }

  catchUp(): Promise<void> {
    this.#waiting ??= this.#inTurn(Number.NEGATIVE_INFINITY, () => {
      this.#waiting = undefined;
    });
    return this.#waiting;
  }

  async stop(deadlineMs: number): Promise<void> {
    const { runtime } = this.#options;
    this.#stopping.abort();
    const ended = new AbortController();
    const last = this.#loop.then(() => this.catchUp());
    await Promise.race([last, runtime.sleep(Math.max(0, deadlineMs - runtime.monotonicNowMs()), ended.signal)]);
    ended.abort();
    await this.#tree?.close();
  }

  async #follow(): Promise<void> {
    const { runtime } = this.#options;
    while (!this.#stopping.signal.aborted && !this.#contradicted) {
      await this.#inTurn(longestMs);
      await runtime.sleep(Math.min(pollMs * 2 ** this.#failures, longestMs), this.#stopping.signal);
    }
  }

  #inTurn(afterMs: number, begin?: () => void): Promise<void> {
    this.#turn = this.#turn.then(() => {
      begin?.();
      return this.#attempt(afterMs);
    });
    return this.#turn;
  }

  async #attempt(afterMs: number): Promise<void> {
    if (this.#contradicted) return;
    try {
      await this.#pass(afterMs);
    } catch (error) {
      this.#failed('No checkpoint was signed', error);
      return;
    }
    if (this.#hook.failure) this.#failed('A checkpoint was signed, and onCheckpoint failed', this.#hook.failure.error);
    else this.#failures = 0;
  }

  #failed(what: string, error: unknown): void {
    const { log, onAlert } = this.#options;
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    log.error({ err: error }, message);
    if (this.#failures === 0) onAlert({ kind: 'checkpoint_failed', message });
    this.#failures += 1;
  }

  /**
   * Reads up to the end of the log, and signs.
   * @param afterMs the end itself is signed only if the last checkpoint is at least this many milliseconds old.
   */
  async #pass(afterMs: number): Promise<void> {
    const { runtime } = this.#options;
    this.#readFile();
    await this.#hook.sendAgain();
    const isFirst = this.#largest === 0;
    let newest: TreeGrowth['roots'][number] | undefined;
    for (;;) {
      const growth = await this.#advance();
      if (growth.roots.some((root) => this.#contradicts(root))) return;
      newest = growth.roots.at(-1) ?? newest;
      // If the log has never had a checkpoint, the newest multiple of 1,000 is enough: it covers the earlier ones.
      if (!isFirst) await this.#sign(growth.roots.filter(([size]) => size % checkpointEvents === 0));
      if (!growth.caughtUp) continue;
      if (growth.size < this.#largest) {
        this.#contradiction(`the log has ${growth.size} events and a checkpoint of ours covers ${this.#largest}`);
        return;
      }
      if (isFirst && newest) await this.#sign([newest]);
      if (runtime.monotonicNowMs() - this.#signedAtMs >= afterMs) await this.#sign([[growth.size, growth.root]]);
      return;
    }
  }

  /**
   * Reads what was signed before, and after a failure what came since. A full disk may have left a part of a checkpoint at the end of
   * the file, which reading removes.
   */
  #readFile(): void {
    const { file, origin: ours } = this.#options.settings;
    if (file !== undefined && !this.#isFileRead) {
      const { checkpoints, end } = readCheckpointFile(file, ours, this.#readUpTo);
      for (const { origin, size, root } of checkpoints) {
        if (origin !== ours) continue;
        this.#signed.set(size, root.toString('base64'));
        this.#largest = Math.max(this.#largest, size);
      }
      this.#readUpTo = end;
    }
    this.#isFileRead = true;
  }

  /** If the log cannot be read, the next step builds the tree again from the beginning: this one may have taken a part. */
  async #advance(): Promise<TreeGrowth> {
    const tree = this.#tree ?? followTree(this.#options.store, [...this.#signed.keys()]);
    this.#tree = tree;
    try {
      return await tree.advance();
    } catch (error) {
      this.#tree = undefined;
      await tree.close();
      throw error;
    }
  }

  #contradicts([size, root]: TreeGrowth['roots'][number]): boolean {
    const signed = this.#signed.get(size);
    if (signed === undefined || signed === root) return false;
    this.#contradiction(`the first ${size} events have the root ${root}, and we had signed ${signed}`);
    return true;
  }

  /** Reports that the log differs from what was signed, and ends all signing: more checkpoints would hide the difference. */
  #contradiction(what: string): void {
    const { log, onAlert, settings } = this.#options;
    this.#contradicted = true;
    const where = settings.file === undefined ? '' : ` Compare with: paidonce verify --checkpoints ${settings.file}`;
    const message = `The log is not the one that was signed before: ${what}. Was an older copy put back? No more checkpoints are signed.${where}`;
    log.error({ origin: settings.origin }, message);
    onAlert({ kind: 'checkpoint_contradicted', message });
  }

  async #sign(roots: TreeGrowth['roots']): Promise<void> {
    const { settings, runtime } = this.#options;
    const checkpoints = roots
      .filter(([size]) => size > this.#largest)
      .map(([size, root]): SignedCheckpoint => {
        const note = signCheckpoint({ origin: settings.origin, size, root: Buffer.from(root, 'base64') }, this.#signers);
        return { note, size, root };
      });
    const last = checkpoints.at(-1);
    if (last === undefined) return;
    // If it fails, the tree stays: the next checkpoint covers these.
    this.#isFileRead = false;
    if (settings.file !== undefined) appendToFile(settings.file, checkpoints.map(({ note }) => note).join(''));
    this.#isFileRead = true;
    for (const { size, root } of checkpoints) this.#signed.set(size, root);
    this.#largest = last.size;
    this.#signedAtMs = runtime.monotonicNowMs();
    await this.#hook.send(checkpoints);
  }
}
