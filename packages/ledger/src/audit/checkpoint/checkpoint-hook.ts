// Hands checkpoints to the hook of the shop, which stores them elsewhere. Where it fails, only the newest is handed over again: it
// covers the others.
import type { Runtime } from '../../runtime.ts';
import type { CheckpointSettings, SignedCheckpoint } from './checkpoint-settings.ts';

/** A hook on a silent connection never ends, and passes of the checkpointer run one after the other. */
const limitMs = 30_000;

export class CheckpointHook {
  readonly #call: CheckpointSettings['onCheckpoint'];
  readonly #runtime: Runtime;
  /** Written by `send` and `#deliver`. */
  #unsent: { readonly checkpoint: SignedCheckpoint; readonly error: unknown } | undefined;

  constructor(call: CheckpointSettings['onCheckpoint'], runtime: Runtime) {
    this.#call = call;
    this.#runtime = runtime;
  }

  /** Why the newest could not be handed over. Undefined: it was. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#unsent;
  }

  /** Never rejects. */
  async sendAgain(): Promise<void> {
    if (this.#unsent) await this.#deliver([this.#unsent.checkpoint]);
  }

  /** Never rejects. A hook that has just failed again is not called: `sendAgain` of the next pass has the newest. */
  async send(checkpoints: readonly SignedCheckpoint[]): Promise<void> {
    const checkpoint = checkpoints.at(-1);
    if (this.#unsent && checkpoint) this.#unsent = { ...this.#unsent, checkpoint };
    else await this.#deliver(checkpoints);
  }

  async #deliver(checkpoints: readonly SignedCheckpoint[]): Promise<void> {
    try {
      for (const checkpoint of checkpoints) await this.#within(this.#call?.(checkpoint));
      this.#unsent = undefined;
    } catch (error) {
      const checkpoint = checkpoints.at(-1);
      this.#unsent = checkpoint && { checkpoint, error };
    }
  }

  async #within(call: void | Promise<void>): Promise<void> {
    if (call === undefined) return;
    const { sleep, patience } = this.#runtime;
    const ended = new AbortController();
    const timeout = sleep(limitMs * patience, ended.signal).then(() => {
      throw new Error(`it has not ended after ${(limitMs * patience) / 1_000} seconds`);
    });
    try {
      await Promise.race([call, timeout]);
    } finally {
      ended.abort();
    }
  }
}
