// Makes and reads the messages of the protocol, with the generated code of the client under test. The code of both clients
// uses one global namespace, so that one breaks the messages of the other: a process must load only one, in tests too.
import { createRequire } from 'node:module';
import type gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import type featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import type streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type * as Grpc from '@grpc/grpc-js';
import type { ClientName } from './client-name.ts';
import { type Expected, type LogDouble, type LoggedEvent, type Proposed, tombstone } from './log-double.ts';

export interface Generated {
  /** The gRPC library that the client uses. */
  readonly grpc: typeof Grpc;
  readonly gossip: typeof gossipPb;
  readonly features: typeof featuresPb;
  readonly shared: typeof sharedPb;
  readonly streams: typeof streamsPb;
  readonly services: readonly [typeof streamsGrpc, typeof featuresGrpc, typeof gossipGrpc];
}

const folders: Record<ClientName, string> = {
  '@eventstore/db-client': '@eventstore/db-client/generated',
  '@kurrent/kurrentdb-client': '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1',
};

export async function loadGenerated(client: ClientName): Promise<Generated> {
  const load = async (file: string): Promise<never> => ((await import(`${folders[client]}/${file}.js`)) as { default: never }).default;
  const require = createRequire(createRequire(import.meta.url).resolve(client));
  return {
    grpc: require('@grpc/grpc-js') as typeof Grpc,
    gossip: await load('gossip_pb'),
    features: await load('serverfeatures_pb'),
    shared: await load('shared_pb'),
    streams: await load('streams_pb'),
    services: [await load('streams_grpc_pb'), await load('serverfeatures_grpc_pb'), await load('gossip_grpc_pb')],
  };
}

/** The revision of a tombstone. */
const lastRevision = '9223372036854775807';
/** A server counts time in units of 100 ns. */
const ticksPerMs = 10_000n;

/** Makes the answers of a server, and reads the requests of a client. */
export class Messages {
  readonly #generated: Generated;

  constructor(generated: Generated) {
    this.#generated = generated;
  }

  failure(code: keyof typeof Grpc.status | number, details: string, metadata: Readonly<Record<string, string>> = {}): Error {
    const { Metadata, status } = this.#generated.grpc;
    const carried = new Metadata();
    for (const [name, value] of Object.entries(metadata)) carried.set(name, value);
    return Object.assign(new Error(details), { code: typeof code === 'number' ? code : status[code], details, metadata: carried });
  }

  event(event: LoggedEvent): streamsPb.ReadResp {
    const { ReadResp } = this.#generated.streams;
    const recorded = new ReadResp.ReadEvent.RecordedEvent();
    recorded.setId(this.#uuid(event.id));
    recorded.setStreamIdentifier(this.#identifier(event.stream));
    recorded.setStreamRevision(event.type === tombstone ? lastRevision : String(event.revision));
    recorded.setCommitPosition(String(event.position));
    recorded.setPreparePosition(String(event.position));
    const created = String(BigInt(event.createdMs) * ticksPerMs);
    recorded.getMetadataMap().set('type', event.type).set('content-type', event.contentType).set('created', created);
    recorded.setData(event.data);
    recorded.setCustomMetadata(event.metadata);
    const read = new ReadResp.ReadEvent();
    read.setEvent(recorded);
    read.setCommitPosition(String(event.position));
    return this.#response((response) => response.setEvent(read));
  }

  streamNotFound(stream: string): streamsPb.ReadResp {
    const notFound = new this.#generated.streams.ReadResp.StreamNotFound();
    notFound.setStreamIdentifier(this.#identifier(stream));
    return this.#response((response) => response.setStreamNotFound(notFound));
  }

  checkpoint(position: bigint): streamsPb.ReadResp {
    const reached = new this.#generated.streams.ReadResp.Checkpoint();
    reached.setCommitPosition(String(position));
    reached.setPreparePosition(String(position));
    return this.#response((response) => response.setCheckpoint(reached));
  }

  confirmation(): streamsPb.ReadResp {
    const confirmed = new this.#generated.streams.ReadResp.SubscriptionConfirmation();
    confirmed.setSubscriptionId('subscription');
    return this.#response((response) => response.setConfirmation(confirmed));
  }

  caughtUp(): streamsPb.ReadResp {
    return this.#response((response) => response.setCaughtUp(new this.#generated.streams.ReadResp.CaughtUp()));
  }

  streamDeleted(stream: string): Error {
    return this.failure('FAILED_PRECONDITION', `Event stream '${stream}' is deleted.`, {
      exception: 'stream-deleted',
      'stream-name': stream,
    });
  }

  accessDenied(): Error {
    return this.failure('PERMISSION_DENIED', 'Access Denied', { exception: 'access-denied' });
  }

  tombstoned({ position }: LoggedEvent): streamsPb.TombstoneResp {
    const { TombstoneResp } = this.#generated.streams;
    const place = new TombstoneResp.Position();
    place.setCommitPosition(String(position));
    place.setPreparePosition(String(position));
    const response = new TombstoneResp();
    response.setPosition(place);
    return response;
  }

  softlyDeleted(): streamsPb.DeleteResp {
    const response = new this.#generated.streams.DeleteResp();
    response.setNoPosition(new this.#generated.shared.Empty());
    return response;
  }

  /** Appends to the log, and returns the answer for the sender. Undefined: the stream was deleted. */
  appended(
    log: LogDouble,
    [header, ...proposals]: readonly streamsPb.AppendReq[],
    withoutPosition: boolean,
  ): streamsPb.AppendResp | undefined {
    const { AppendResp } = this.#generated.streams;
    const options = header?.getOptions() as streamsPb.AppendReq.Options;
    const result = log.append(nameIn(options.getStreamIdentifier()), expectedIn(options), proposals.map(proposedIn));
    if ('deleted' in result) return undefined;
    const response = new AppendResp();
    if ('conflict' in result) {
      const conflict = new AppendResp.WrongExpectedVersion();
      if (result.conflict === -1) conflict.setCurrentNoStream(new this.#generated.shared.Empty());
      else conflict.setCurrentRevision(String(result.conflict));
      response.setWrongExpectedVersion(conflict);
      return response;
    }
    const success = new AppendResp.Success();
    success.setCurrentRevision(String(result.last.revision));
    const position = new AppendResp.Position();
    position.setCommitPosition(String(result.last.position));
    position.setPreparePosition(String(result.last.position));
    if (withoutPosition) success.setNoPosition(new this.#generated.shared.Empty());
    else success.setPosition(position);
    response.setSuccess(success);
    return response;
  }

  supportedMethods(version: string): featuresPb.SupportedMethods {
    const { SupportedMethod, SupportedMethods } = this.#generated.features;
    const supported = new SupportedMethods();
    supported.setEventStoreServerVersion(version);
    // A client that appends without credentials then uses batch appends, which the double refuses.
    const batch = new SupportedMethod();
    batch.setServiceName('event_store.client.streams.streams');
    batch.setMethodName('batchappend');
    supported.setMethodsList([batch]);
    return supported;
  }

  /** Makes the list of the nodes of a cluster. All nodes are on 127.0.0.1. */
  clusterInfo(nodes: readonly { readonly port: number; readonly leads: boolean }[]): gossipPb.ClusterInfo {
    const { ClusterInfo, EndPoint, MemberInfo } = this.#generated.gossip;
    const info = new ClusterInfo();
    const members = nodes.map(({ port, leads }) => {
      const member = new MemberInfo();
      member.setInstanceId(this.#uuid('00000000-0000-4000-8000-000000000000'));
      member.setTimeStamp('0');
      member.setState(leads ? MemberInfo.VNodeState.LEADER : MemberInfo.VNodeState.FOLLOWER);
      member.setIsAlive(true);
      const endPoint = new EndPoint();
      endPoint.setAddress('127.0.0.1');
      endPoint.setPort(port);
      member.setHttpEndPoint(endPoint);
      return member;
    });
    info.setMembersList(members);
    return info;
  }

  #response(fill: (response: streamsPb.ReadResp) => void): streamsPb.ReadResp {
    const response = new this.#generated.streams.ReadResp();
    fill(response);
    return response;
  }

  #uuid(text: string): sharedPb.UUID {
    const uuid = new this.#generated.shared.UUID();
    uuid.setString(text);
    return uuid;
  }

  #identifier(stream: string): sharedPb.StreamIdentifier {
    const identifier = new this.#generated.shared.StreamIdentifier();
    identifier.setStreamName(Buffer.from(stream, 'utf8').toString('base64'));
    return identifier;
  }
}

export function nameIn(identifier: sharedPb.StreamIdentifier | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
}

function expectedIn(options: streamsPb.AppendReq.Options): Expected {
  if (options.hasRevision()) return Number(options.getRevision());
  return options.hasNoStream() ? 'no_stream' : 'any';
}

function proposedIn(request: streamsPb.AppendReq): Proposed {
  const message = request.getProposedMessage() as streamsPb.AppendReq.ProposedMessage;
  return {
    id: uuidIn(message.getId() as sharedPb.UUID),
    type: message.getMetadataMap().get('type') ?? '',
    contentType: message.getMetadataMap().get('content-type') ?? '',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

/** Reads an id, which is sent as text or as two 64-bit numbers. */
function uuidIn(id: sharedPb.UUID): string {
  if (id.hasString()) return id.getString();
  const { mostSignificantBits = '0', leastSignificantBits = '0' } = id.getStructured()?.toObject() ?? {};
  const bits = [mostSignificantBits, leastSignificantBits].map((half) => BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0'));
  return bits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
