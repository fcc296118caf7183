// What a server keeps of an append that breaks off: nothing. The messages are sent one by one, as the client sends them.
import { EventStoreDBClient } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type ClientWritableStream, credentials, status } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { startDouble } from '../../event-store/eventstoredb/double-store.test-support.ts';
import { newEvents } from '../../event-store/eventstoredb/events.test-support.ts';

const { StreamsClient } = streamsGrpc;

test('an append counts once its last message has arrived', async () => {
  const double = await startDouble();
  const { call, answer, send } = openAppend(double.port);
  await send(3);
  expect(double.log.events).toEqual([]);
  call.end();
  expect(await answer).toBe(status.OK);
  expect(double.log.stream('order-1')).toHaveLength(3);
});

test('an append whose time is over in the middle is stored whole or not at all', async () => {
  const double = await startDouble();
  const client = EventStoreDBClient.connectionString(double.url);
  onTestFinished(() => client.dispose());
  const user = { credentials: { username: 'ledger', password: 'ledger' } };
  for (let round = 0; round < 40; round++) {
    const events = newEvents(300).map((each) => ({ ...each, contentType: 'application/json' as const, data: { about: 'nothing' } }));
    const appending = client.appendToStream(`order-${round}`, events, { expectedRevision: 'no_stream', deadline: 1 + round, ...user });
    await appending.catch((error: { code?: unknown }) => expect(error.code).toBe(status.DEADLINE_EXCEEDED));
  }
  const lengths = Array.from({ length: 40 }, (_, round) => double.log.stream(`order-${round}`)?.length ?? 0);
  expect(lengths.filter((length) => length !== 0 && length !== 300)).toEqual([]);
});

/** Begins an append to `order-1`. `send` sends so many events, and resolves once they are written; `answer` is the status. */
function openAppend(port: number) {
  const client = new StreamsClient(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  let heard: (code: number) => void = () => undefined;
  const answer = new Promise<number>((resolve) => {
    heard = resolve;
  });
  const call: ClientWritableStream<streams.AppendReq> = client.append((error) => heard(error?.code ?? status.OK));
  call.on('error', () => undefined);
  const write = (request: streams.AppendReq): Promise<void> => new Promise((resolve) => void call.write(request, () => resolve()));
  const opened = write(header());
  const send = async (count: number): Promise<void> => {
    await opened;
    for (let n = 0; n < count; n++) await write(event());
  };
  return { call, answer, send };
}

function header(): streams.AppendReq {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from('order-1').toString('base64'));
  const options = new streams.AppendReq.Options();
  options.setStreamIdentifier(identifier);
  options.setAny(new shared.Empty());
  const request = new streams.AppendReq();
  request.setOptions(options);
  return request;
}

function event(): streams.AppendReq {
  const request = new streams.AppendReq();
  const message = new streams.AppendReq.ProposedMessage();
  const id = new shared.UUID();
  id.setString(crypto.randomUUID());
  message.setId(id);
  request.setProposedMessage(message);
  return request;
}
