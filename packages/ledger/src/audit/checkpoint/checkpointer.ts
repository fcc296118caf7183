// Signs checkpoints of the log beside a running ledger: at each multiple of 1,000 events, and otherwise when a minute has
// passed and something was appended. It never signs what contradicts a checkpoint that it has signed before.
import { appendFile } from 'node:fs/promises';
import type { Alert } from '../../alerts.ts';
import { LedgerError } from '../../errors.ts';
import type { EventStore } from '../../event-store/event-store.ts';
import type { Logger } from '../../logger.ts';
import type { Runtime } from '../../runtime.ts';
import { checkpointEvents, followTree, type TreeFollower, type TreeGrowth } from '../tree/tree-follower.ts';
import { readCheckpointFile } from './checkpoint-file.ts';
import { refuseOrigin, signCheckpoint } from './signed-checkpoint.ts';
import { type NoteSigner, parseSignerKey } from './signed-note.ts';

export interface SignedCheckpoint {
  /** The signed note: keep it where nobody who can write the log can write. */
  readonly note: string;
  /** Events that it covers. */
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

export interface CheckpointSettings {
  /** A name without spaces for this log, the same in all processes: `shop.example/ledger`. */
  readonly origin: string;
  /** `PRIVATE+KEY+…`, as `paidonce key` makes it. Both, while a key is rotated. */
  readonly key: string | readonly string[];
  /** Checkpoints are appended to it. Each process has its own. */
  readonly file?: string;
  /** Takes each checkpoint elsewhere. It may be called again for the same size. */
  readonly onCheckpoint?: (checkpoint: SignedCheckpoint) => void | Promise<void>;
}

export interface Checkpointer {
  /** Signs in the background until `stop`. */
  start(): void;
  /** Once, up to the end of the log as it is now. */
  catchUp(): Promise<void>;
  /** After a last checkpoint, if it can be had before the deadline (monotonic). */
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

/** @throws LedgerError `invalid_input`: a key or an origin that cannot be used. */
export function openCheckpointer(options: CheckpointerOptions): Checkpointer {
  return new FollowingCheckpointer(options);
}

class FollowingCheckpointer implements Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #signers: readonly NoteSigner[];
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #turn: Promise<void> = Promise.resolve();
  #tree: TreeFollower | undefined;
  /** Root by size, of what was signed before. */
  #signed: Map<number, string> | undefined;
  #largest = 0;
  #signedAtMs = Number.NEGATIVE_INFINITY;
  /** The hook failed for it. */
  #unsent: SignedCheckpoint | undefined;
  #contradicted = false;
  /** A person knows. */
  #failing = false;

  constructor(options: CheckpointerOptions) {
    const { key, origin } = options.settings;
    refuseOrigin(origin);
    this.#options = options;
    this.#signers = (typeof key === 'string' ? [key] : key).map(parseSignerKey);
    if (this.#signers.length === 0)
      throw new LedgerError('invalid_input', 'checkpoints.key is an empty list. `paidonce key NAME` makes a pair');
  }

  start(): void {
    this.#signedAtMs = this.#options.runtime.monotonicNowMs();
    this.#loop = this.#follow();
  }

  catchUp(): Promise<void> {
    return this.#inTurn(Number.NEGATIVE_INFINITY);
  }

  async stop(deadlineMs: number): Promise<void> {
    const { runtime } = this.#options;
    this.#stopping.abort();
    const ended = new AbortController();
    const last = this.#loop.then(() => this.#inTurn(Number.NEGATIVE_INFINITY)).catch((error: unknown) => this.#failed(error));
    await Promise.race([last, runtime.sleep(Math.max(0, deadlineMs - runtime.monotonicNowMs()), ended.signal)]);
    ended.abort();
    await this.#tree?.close();
  }

  async #follow(): Promise<void> {
    const { runtime } = this.#options;
    while (!this.#stopping.signal.aborted && !this.#contradicted) {
      try {
        await this.#inTurn(longestMs);
        this.#failing = false;
      } catch (error) {
        await this.#failed(error);
      }
      await runtime.sleep(pollMs, this.#stopping.signal);
    }
  }

  /** A tree that failed is grown again from its beginning. */
  async #failed(error: unknown): Promise<void> {
    const { log, onAlert } = this.#options;
    const tree = this.#tree;
    this.#tree = undefined;
    await tree?.close();
    const message = `No checkpoint was signed: ${error instanceof Error ? error.message : String(error)}`;
    log.error({ err: error }, message);
    if (!this.#failing) onAlert({ kind: 'checkpoint_failed', message });
    this.#failing = true;
  }

  #inTurn(afterMs: number): Promise<void> {
    const pass = (): Promise<void> => this.#pass(afterMs);
    const done = this.#turn.then(pass, pass);
    this.#turn = done;
    return done;
  }

  /** To the end of the log. @param afterMs the end is signed too, where the last checkpoint is older than this. */
  async #pass(afterMs: number): Promise<void> {
    const { store, settings, runtime } = this.#options;
    if (this.#contradicted) return;
    if (this.#signed === undefined) {
      const known = settings.file === undefined ? [] : readCheckpointFile(settings.file).filter(({ origin }) => origin === settings.origin);
      this.#signed = new Map(known.map(({ size, root }) => [size, root.toString('base64')]));
      this.#largest = Math.max(0, ...this.#signed.keys());
    }
    if (this.#unsent) await this.#send(this.#unsent);
    this.#tree ??= followTree(store, [...this.#signed.keys()]);
    const isFirst = this.#largest === 0;
    let newest: TreeGrowth['roots'][number] | undefined;
    for (;;) {
      const growth = await this.#tree.advance();
      if (growth.roots.some((root) => this.#contradicts(root))) return;
      newest = growth.roots.at(-1) ?? newest;
      // Of a log that has grown long without checkpoints, the newest says it all.
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

  #contradicts([size, root]: TreeGrowth['roots'][number]): boolean {
    const signed = this.#signed?.get(size);
    if (signed === undefined || signed === root) return false;
    this.#contradiction(`the first ${size} events have the root ${root}, and we had signed ${signed}`);
    return true;
  }

  /** Signing on would hide it. */
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
    if (settings.file !== undefined) await appendFile(settings.file, checkpoints.map(({ note }) => note).join(''));
    for (const { size, root } of checkpoints) this.#signed?.set(size, root);
    this.#largest = last.size;
    this.#signedAtMs = runtime.monotonicNowMs();
    for (const checkpoint of checkpoints) await this.#send(checkpoint);
  }

  /** Of several that could not be sent the newest is tried again: it covers the others. */
  async #send(checkpoint: SignedCheckpoint): Promise<void> {
    try {
      await this.#options.settings.onCheckpoint?.(checkpoint);
      this.#unsent = undefined;
    } catch (error) {
      this.#unsent = checkpoint;
      this.#options.log.warn({ err: error, size: checkpoint.size }, 'onCheckpoint failed; it is called again');
    }
  }
}
