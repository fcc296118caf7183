// The option `checkpoints` of the ledger, and what its hook receives.

/** A checkpoint that was signed. */
export interface SignedCheckpoint {
  /** The signed note. Keep it in a place that nobody who can write the log can write. */
  readonly note: string;
  /** How many events it covers: the first `size` of the log. */
  readonly size: number;
  /** The root of the log's tree over these events, base64. */
  readonly root: string;
}

/** The option `checkpoints` of the ledger. */
export interface CheckpointSettings {
  /** A name for this log, the same in all processes, without spaces and `+`: `shop.example/ledger`. */
  readonly origin: string;
  /** The signing key, `PRIVATE+KEY+…`, as `paidonce key` makes it. Pass both keys while you rotate one. */
  readonly key: string | readonly string[];
  /** Path of the file to which checkpoints are appended. Each process needs its own. Absent: no file. */
  readonly file?: string;
  /**
   * Receives each checkpoint, to store it elsewhere. If it fails, or has not ended after 30 seconds, it is called again for the newest:
   * so it may be called again for the same size, and while a call that was given up still runs. Keep the largest size.
   */
  readonly onCheckpoint?: (checkpoint: SignedCheckpoint) => void | Promise<void>;
}
