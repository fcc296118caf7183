// A test double of EventStoreDB: the real clients call it over real gRPC, and it fails on request. It tests the store, not
// the server. One double is a node; several doubles on one log are a cluster.
import type gossip from '@eventstore/db-client/generated/gossip_pb.js';
import type features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Metadata, Server, ServerCredentials, ServerReadableStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { type DoubleUser, mayAccess, type Right } from './access-double.ts';
import type { ClientName } from './client-name.ts';
import { LogDouble } from './log-double.ts';
import { type Generated, loadGenerated, Messages, nameIn } from './protocol-double.ts';
import { answerRead, answerSubscription, type ReadCall } from './reads-double.ts';

/** A fault of one append: whether it is stored, and what the sender receives. */
export interface AppendFault {
  readonly stored: boolean;
  /** No answer, an answer without the position, or an error with a gRPC status code. */
  readonly hears: 'nothing' | 'no_position' | { readonly code: number; readonly details: string };
}

/** How to start a double. */
export interface ServerDoubleOptions {
  /** The client that calls the double. Default: `@eventstore/db-client`. */
  readonly client?: ClientName;
  /** The log. Pass the same one to all nodes of a cluster. Default: a new, empty one. */
  readonly log?: LogDouble;
  /** The server's version. Empty: a server that is too old to send it. Default: 24.6.0. */
  readonly version?: string;
  /**
   * The server uses TLS, and accepts only this user, whom access lists tell what to do, and the administrator `admin` with the
   * password `changeit`. Default: it runs insecurely, and everybody may do everything.
   */
  readonly secure?: { readonly key: string; readonly certificate: string; readonly user: string; readonly password: string };
}

const administrator: DoubleUser = { name: 'admin', password: 'changeit', groups: ['$admins'] };

type AppendCall = ServerReadableStream<streams.AppendReq, streams.AppendResp>;

/** One node of a simulated server. */
export class ServerDouble {
  /** The log of the server. */
  readonly log: LogDouble;
  /** The port on 127.0.0.1. Written when the server starts first. */
  port = 0;
  /** The faults of the next appends. The test adds them; each append removes one. */
  readonly appendFaults: AppendFault[] = [];
  /** True: the double receives calls, but answers none. Written by the test. */
  frozen = false;
  /** The calls that were received, in order. Written by the double. */
  readonly calls: ('append' | 'read' | 'subscribe' | 'delete' | 'gossip' | 'other')[] = [];
  /** How many reads and subscriptions have not ended. Written by the double. */
  openReads = 0;
  readonly #options: ServerDoubleOptions;
  readonly #generated: Generated;
  readonly #messages: Messages;
  /** The open subscriptions, each with the function that silences it. Written by `#read`. */
  readonly #subscriptions = new Map<ReadCall, () => void>();
  /**
   * The leader, if another node leads, and how many events this node has. A call that requires the leader is sent there; other
   * calls see the events that this node had when it became a follower. Written by `follow`.
   */
  #follows: { readonly leader: ServerDouble; readonly sees: number } | undefined;
  /** The running server. Written by `restart` and `kill`. */
  #server: Server | undefined;

  private constructor(options: ServerDoubleOptions, generated: Generated) {
    this.#options = options;
    this.#generated = generated;
    this.#messages = new Messages(generated);
    this.log = options.log ?? new LogDouble();
  }

  static async start(options: ServerDoubleOptions = {}): Promise<ServerDouble> {
    const double = new ServerDouble(options, await loadGenerated(options.client ?? '@eventstore/db-client'));
    await double.restart();
    return double;
  }

  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=${this.#options.secure !== undefined}`;
  }

  /** Breaks all connections, as SIGKILL does. The log stays. */
  kill(): void {
    for (const stop of this.#subscriptions.values()) stop();
    this.#subscriptions.clear();
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  /** Starts the server again on the same port. */
  async restart(): Promise<void> {
    const server = new this.#generated.grpc.Server();
    const [{ StreamsService }, { ServerFeaturesService }, { GossipService }] = this.#generated.services;
    const deletions = { delete: this.#delete, tombstone: this.#tombstone };
    server.addService(StreamsService, { batchAppend: this.#other, ...deletions, append: this.#append, read: this.#read });
    server.addService(ServerFeaturesService, { getSupportedMethods: this.#getSupportedMethods });
    server.addService(GossipService, { read: this.#gossip });
    this.port = await new Promise((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.port}`, this.#credentials(), (error, port) => (error ? reject(error) : resolve(port)));
    });
    this.#server = server;
  }

  /** Makes this node a follower of `leader`. Undefined: this node leads. */
  follow(leader: ServerDouble | undefined): void {
    this.#follows = leader && { leader, sees: this.log.events.length };
  }

  /** Ends each subscription with an error, as when a server stops. Later subscriptions work. */
  dropSubscriptions(): void {
    for (const [call, stop] of this.#subscriptions) {
      stop();
      call.emit('error', this.#messages.failure('INTERNAL', 'Received RST_STREAM with code 2'));
    }
  }

  /** Keeps all subscriptions open, but sends nothing more. The client cannot notice it. */
  silenceSubscriptions(): void {
    for (const stop of this.#subscriptions.values()) stop();
  }

  #credentials(): ServerCredentials {
    const { secure } = this.#options;
    const { ServerCredentials } = this.#generated.grpc;
    if (!secure) return ServerCredentials.createInsecure();
    return ServerCredentials.createSsl(null, [{ private_key: Buffer.from(secure.key), cert_chain: Buffer.from(secure.certificate) }]);
  }

  /** Returns the error for a call that a server refuses at once: wrong credentials, no right to it, or not the leader. */
  #refusal(headers: Metadata, stream: string, right: Right): Error | undefined {
    const { secure } = this.#options;
    const given = Buffer.from(String(headers.get('authorization')[0] ?? '').replace('Basic ', ''), 'base64').toString();
    const plainUser: DoubleUser = { name: secure?.user ?? '', password: secure?.password ?? '' };
    const user = [administrator, plainUser].find(({ name, password }) => given === `${name}:${password}`);
    if (secure && !(user && mayAccess(this.log, user, stream, right))) return this.#messages.accessDenied();
    if (this.#follows && headers.get('requires-leader')[0] === 'true') {
      const leader = { 'leader-endpoint-host': '127.0.0.1', 'leader-endpoint-port': String(this.#follows.leader.port) };
      return this.#messages.failure('NOT_FOUND', 'Leader info available', { exception: 'not-leader', ...leader });
    }
    return undefined;
  }

  #append = (call: AppendCall, answer: sendUnaryData<streams.AppendResp>): void => {
    this.calls.push('append');
    const requests: streams.AppendReq[] = [];
    call.on('data', (request) => requests.push(request));
    call.on('error', () => undefined);
    // The library reports a stream that was reset, or whose connection broke, as ended too, and only then as cancelled. An
    // append of which a part has arrived must not count, so this waits one turn before it believes the end.
    call.on('end', () => {
      setImmediate(() => {
        if (!call.cancelled) this.#answerAppend(call, requests, answer);
      });
    });
  };

  #answerAppend(call: AppendCall, requests: readonly streams.AppendReq[], answer: sendUnaryData<streams.AppendResp>): void {
    if (this.frozen) return;
    const stream = nameIn(requests[0]?.getOptions()?.getStreamIdentifier());
    const refusal = this.#refusal(call.metadata, stream, '$w');
    const { stored, hears } = this.appendFaults.shift() ?? { stored: true, hears: undefined };
    const response = stored && !refusal ? this.#messages.appended(this.log, requests, hears === 'no_position') : null;
    const deleted = response === undefined ? this.#messages.streamDeleted(stream) : null;
    if (hears === 'nothing') return;
    answer(refusal ?? (typeof hears === 'object' ? this.#messages.failure(hears.code, hears.details) : deleted), response ?? null);
  }

  #delete = (call: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>, answer: sendUnaryData<streams.DeleteResp>): void => {
    const stream = nameIn(call.request.getOptions()?.getStreamIdentifier());
    const refusal = this.#deletion(call.metadata, stream);
    if (!refusal) this.log.delete(stream);
    answer(refusal ?? null, this.#messages.softlyDeleted());
  };

  #tombstone = (call: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>, answer: sendUnaryData<streams.TombstoneResp>): void => {
    const stream = nameIn(call.request.getOptions()?.getStreamIdentifier());
    const refusal = this.#deletion(call.metadata, stream);
    answer(refusal ?? null, refusal ? null : this.#messages.tombstoned(this.log.tombstone(stream)));
  };

  #deletion(headers: Metadata, stream: string): Error | undefined {
    this.calls.push('delete');
    return this.#refusal(headers, stream, '$d') ?? (this.log.isTombstoned(stream) ? this.#messages.streamDeleted(stream) : undefined);
  }

  #read = (call: ReadCall): void => {
    const subscribes = call.request.getOptions()?.hasSubscription() === true;
    this.calls.push(subscribes ? 'subscribe' : 'read');
    this.openReads += 1;
    call.once('close', () => {
      this.openReads -= 1;
      this.#subscriptions.delete(call);
    });
    call.on('error', () => undefined);
    if (this.frozen) return;
    const stream = call.request.getOptions()?.getStream()?.getStreamIdentifier();
    const refusal = this.#refusal(call.metadata, stream ? nameIn(stream) : '$all', '$r');
    if (refusal) call.emit('error', refusal);
    else if (subscribes) this.#subscriptions.set(call, answerSubscription(call, this.#messages, this.log));
    else answerRead(call, this.#messages, this.log, this.log.events.slice(0, this.#follows?.sees));
  };

  #other = (call: { emit(event: 'error', error: Error): unknown }, answer?: (error: Error) => void): void => {
    this.calls.push('other');
    const error = this.#messages.failure('UNIMPLEMENTED', 'the double does not serve this call');
    if (answer) answer(error);
    else call.emit('error', error);
  };

  #getSupportedMethods = (_: unknown, answer: sendUnaryData<features.SupportedMethods>): void => {
    const { version = '24.6.0' } = this.#options;
    if (version === '') answer(this.#messages.failure('UNIMPLEMENTED', 'unknown service'));
    else answer(null, this.#messages.supportedMethods(version));
  };

  #gossip = (_: unknown, answer: sendUnaryData<gossip.ClusterInfo>): void => {
    this.calls.push('gossip');
    if (this.frozen) return;
    const own = { port: this.port, leads: this.#follows === undefined };
    const leader = this.#follows ? [{ port: this.#follows.leader.port, leads: true }] : [];
    answer(null, this.#messages.clusterInfo([own, ...leader]));
  };
}
