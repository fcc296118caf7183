// What the adapter uses of a client: the shape that `@eventstore/db-client` 6 and `@kurrent/kurrentdb-client` 1 share.
// Neither is imported: the caller brings the one that it has.

export interface ClientPosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface CallOptions {
  /** Of the call, not of the connection: with them an append takes the classic path (`append.ts`). */
  readonly credentials?: Credentials;
  /** A follower refuses instead of answering from what it has so far. */
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
  /** Honoured by `@eventstore/db-client`; the other ignores it in silence, and appends at any revision. */
  readonly expectedRevision: ExpectedRevision;
  /** Honoured by `@kurrent/kurrentdb-client`; likewise. So both are passed, always. */
  readonly streamState: ExpectedRevision;
  /** Milliseconds. */
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
  /** Inclusive. */
  readonly fromRevision: bigint | 'start';
}

export interface ReadAllOptions extends CallOptions {
  readonly direction: 'backwards';
  readonly fromPosition: 'end';
  readonly maxCount: number;
}

export type StreamFilter = Checkpoints & ({ readonly prefixes: string[] } | { readonly regex: string });

interface Checkpoints {
  readonly filterOn: 'streamName';
  /** Log events that are looked at between two checkpoints: this, times the interval. */
  readonly maxSearchWindow: number;
  readonly checkpointInterval: number;
  readonly checkpointReached: (subscription: unknown, position: ClientPosition) => Promise<void>;
}

export interface SubscribeOptions extends CallOptions {
  /** Exclusive here, unlike everywhere else. */
  readonly fromPosition: ClientPosition | 'start';
  readonly filter: StreamFilter;
}

/** A Node stream of events, in paused mode, and what it announces on the side. */
export interface ClientSubscription {
  read(): unknown;
  readonly readableLength: number;
  on(event: 'readable' | 'caughtUp' | 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  unsubscribe(): Promise<void>;
}

export interface EventStoreDbClient {
  appendToStream(stream: string, events: ProposedEvent[], options: AppendOptions): Promise<ClientAppendResult>;
  readStream(stream: string, options: ReadStreamOptions): AsyncIterable<ResolvedClientEvent>;
  readAll(options: ReadAllOptions): AsyncIterable<ResolvedClientEvent>;
  subscribeToAll(options: SubscribeOptions, buffer: { readonly highWaterMark: number }): ClientSubscription;
  dispose(): Promise<void>;
}
