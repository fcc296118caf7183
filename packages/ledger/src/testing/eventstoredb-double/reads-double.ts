// The reads of the server double: streams, $all and subscriptions to $all, with the checkpoints of EventStoreDB 24.6.
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { LogDouble, LoggedEvent } from './log-double.ts';
import { type Messages, nameIn } from './protocol-double.ts';
import { isSoftlyDeleted, readableIn } from './stream-metadata.ts';

export type ReadCall = ServerWritableStream<streams.ReadReq, streams.ReadResp>;

/** The checkpoint of a subscription that began at the start and has met no event yet. */
const endOfNumbers = 18_446_744_073_709_551_615n;
const backwards = 1;

/** Answers a read. @param events the events that this node has. */
export function answerRead(call: ReadCall, messages: Messages, log: LogDouble, events: readonly LoggedEvent[]): void {
  const options = call.request.getOptions() as streams.ReadReq.Options;
  const stream = options.getStream();
  const name = nameIn(stream?.getStreamIdentifier());
  if (stream && log.isTombstoned(name)) {
    call.emit('error', messages.streamDeleted(name));
    return;
  }
  const all = stream ? inStream(stream, { log, events, name, call, messages }) : inAll(options, events);
  const inDirection = options.getReadDirection() === backwards ? [...all].reverse() : all;
  for (const event of inDirection.slice(0, Number(options.getCount()))) call.write(messages.event(event));
  call.end();
}

interface StreamRead {
  readonly log: LogDouble;
  readonly events: readonly LoggedEvent[];
  readonly name: string;
  readonly call: ReadCall;
  readonly messages: Messages;
}

function inStream(
  stream: streams.ReadReq.Options.StreamOptions,
  { log, events, name, call, messages }: StreamRead,
): readonly LoggedEvent[] {
  const there = events.filter((event) => event.stream === name);
  const metadata = log.metadata(name);
  if (there.length === 0 || isSoftlyDeleted(metadata)) {
    call.write(messages.streamNotFound(name));
    return [];
  }
  const from = stream.hasRevision() ? Number(stream.getRevision()) : 0;
  return readableIn(there, metadata).filter(({ revision }) => revision >= from);
}

function inAll(options: streams.ReadReq.Options, events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  const from = BigInt(options.getAll()?.getPosition()?.getCommitPosition() ?? 0);
  return events.filter(({ position }) => position >= from); // Includes `from`, unlike a subscription.
}

/** Sends the events that match, in log order, until the call ends. Returns a function that stops it but keeps the call open. */
export function answerSubscription(call: ReadCall, messages: Messages, log: LogDouble): () => void {
  const options = call.request.getOptions() as streams.ReadReq.Options;
  const filter = options.getFilter() as streams.ReadReq.Options.FilterOptions;
  const window = filter.getMax() * filter.getCheckpointintervalmultiplier();
  const matches = matcher(filter);
  const from = options.getAll()?.getPosition()?.getCommitPosition();
  const after = from === undefined ? -1n : BigInt(from);
  call.write(messages.confirmation());
  if (after !== -1n && after <= (log.events.at(-1)?.position ?? 0n) && !log.isPlace(after)) {
    call.emit('error', messages.failure('INVALID_ARGUMENT', 'Trying to read from an invalid position.'));
    return () => undefined;
  }

  let reached = after === -1n ? endOfNumbers : after;
  let considered = 0;
  function consider(event: LoggedEvent): void {
    considered += 1;
    if (matches(event)) {
      call.write(messages.event(event));
      reached = event.position;
    }
    if (considered % window !== 0) return;
    reached = event.position;
    call.write(messages.checkpoint(reached));
  }
  for (const event of log.events) if (event.position > after) consider(event);
  call.write(messages.checkpoint(reached));
  call.write(messages.caughtUp());
  const live = (added: readonly LoggedEvent[]): void => {
    for (const event of added) consider(event);
  };
  const stop = (): void => {
    log.off('appended', live);
  };
  log.on('appended', live);
  call.on('cancelled', stop);
  call.on('close', stop);
  return stop;
}

function matcher(filter: streams.ReadReq.Options.FilterOptions): (event: LoggedEvent) => boolean {
  const byType = filter.hasEventType();
  const expression = (byType ? filter.getEventType() : filter.getStreamIdentifier()) as streams.ReadReq.Options.FilterOptions.Expression;
  const named = ({ type, stream }: LoggedEvent): string => (byType ? type : stream);
  if (expression.getRegex() === '') return (event) => expression.getPrefixList().some((prefix) => named(event).startsWith(prefix));
  const regex = new RegExp(expression.getRegex());
  return (event) => regex.test(named(event));
}
