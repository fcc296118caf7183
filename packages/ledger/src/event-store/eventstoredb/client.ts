// The part of a client that this store uses: the shape that `@eventstore/db-client` 6 and `@kurrent/kurrentdb-client` 1
// share. Neither is imported here: the caller passes a client.

export interface ClientPosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/** User and password for the server. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface CallOptions {
  /** The credentials of this call, not of the connection. An append needs them; `append.ts` says why. */
  readonly credentials?: Credentials;
  /** True: a follower refuses the call, instead of answering from what it has so far. */
  readonly requiresLeader: boolean;
}

export interface ProposedEvent {
  readonly contentType: 'application/json';
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly metadata: Uint8Array;
}

export type ExpectedRevision = bigint | 'no_stream';

export interface AppendOptions extends CallOptions {
  /** Read by `@eventstore/db-client`. The other client ignores it, and would append at any revision. */
  readonly expectedRevision: ExpectedRevision;
  /** Read by `@kurrent/kurrentdb-client`. The other client ignores it, so both are always passed. */
  readonly streamState: ExpectedRevision;
  /** The time limit in milliseconds. */
  readonly deadline: number;
}

export interface ClientAppendResult {
  readonly success: boolean;
  readonly nextExpectedRevision: bigint;
  readonly position?: ClientPosition | undefined;
}

export interface ClientEvent {
  readonly streamId: string;
  readonly id: string;
  readonly revision: bigint;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: unknown;
  readonly metadata?: unknown;
  readonly position?: ClientPosition | undefined;
}

export interface ResolvedClientEvent {
  readonly event?: ClientEvent | undefined;
}

export interface ReadStreamOptions extends CallOptions {
  /** The first revision to read. */
  readonly fromRevision: bigint | 'start' | 'end';
  readonly direction?: 'backwards';
  readonly maxCount?: number;
}

export interface ReadAllOptions extends CallOptions {
  readonly direction: 'backwards' | 'forwards';
  /** The event at this position is read too. */
  readonly fromPosition: ClientPosition | 'end';
  readonly maxCount: number;
}

export type StreamFilter = Checkpoints & ({ readonly prefixes: string[] } | { readonly regex: string });

interface Checkpoints {
  readonly filterOn: 'streamName' | 'eventType';
  /** The server sends a checkpoint after it has checked this number of events, times `checkpointInterval`. */
  readonly maxSearchWindow: number;
  readonly checkpointInterval: number;
  readonly checkpointReached: (subscription: unknown, position: ClientPosition) => Promise<void>;
}

export interface SubscribeOptions extends CallOptions {
  /** Reads the events after this position. (In the other calls of a client the position is included.) */
  readonly fromPosition: ClientPosition | 'start';
  readonly filter: StreamFilter;
}

/** A Node stream of events, in paused mode, with the events that it emits besides. */
export interface ClientSubscription {
  read(): unknown;
  readonly readableLength: number;
  on(event: 'readable' | 'caughtUp' | 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  unsubscribe(): Promise<void>;
}

/** The methods of a client that this store calls. Both clients have them. */
export interface EventStoreDbClient {
  appendToStream(stream: string, events: ProposedEvent[], options: AppendOptions): Promise<ClientAppendResult>;
  readStream(stream: string, options: ReadStreamOptions): AsyncIterable<ResolvedClientEvent>;
  readAll(options: ReadAllOptions): AsyncIterable<ResolvedClientEvent>;
  subscribeToAll(options: SubscribeOptions, buffer: { readonly highWaterMark: number }): ClientSubscription;
  dispose(): Promise<void>;
}
