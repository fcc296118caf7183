// What the store does around the calls of its function: groups, the queue, failures, and the clients of the pool.
import { describe, expect, test } from 'vitest';
import { type Runtime, systemRuntime } from '../../runtime.ts';
import type { AppendResult } from '../event-store.ts';
import { LastKnown } from '../log-went-back.ts';
import { checkAppend } from '../stored-text.ts';
import { AppendCall } from './append-call.ts';
import { Connections } from './connections.ts';
import { eventOf, FakePool, sqlError } from './fake-pool.test-support.ts';
import { Writer } from './writer.ts';

describe('groups', () => {
  test('who appends in one turn of the event loop shares one call', async () => {
    const { append, pool } = openWriter();
    await Promise.all([append('a'), append('b'), Promise.resolve().then(() => append('c'))]);
    await append('d');
    expect(sizes(pool)).toEqual([3, 1]);
  });

  test('who comes while a group is under way shares the next one', async () => {
    const { append, pool } = openWriter();
    const answering = Promise.withResolvers<undefined>();
    pool.fault = () => answering.promise;
    const first = append('a');
    await turns(5);
    const later = ['b', 'c', 'd'].map((stream) => append(stream));
    await turns(5);
    answering.resolve(undefined);
    await Promise.all([first, ...later]);
    expect(sizes(pool)).toEqual([1, 3]);
  });

  test('callers in a loop stay together', async () => {
    const { append, pool } = openWriter();
    const callers = Array.from({ length: 32 }, async (_, caller) => {
      for (let revision = -1; revision < 9; revision++) await append(`order-${caller}`, revision);
    });
    await Promise.all(callers);
    expect(sizes(pool)).toEqual(Array(10).fill(32));
  });

  test('a group ends at 512 appends', async () => {
    const { append, pool } = openWriter();
    await Promise.all(Array.from({ length: 1_100 }, (_, n) => append(`order-${n}`)));
    expect(sizes(pool)).toEqual([512, 512, 76]);
  });

  test('a group ends before 1 MiB', async () => {
    const { append, pool } = openWriter();
    await Promise.all(Array.from({ length: 5 }, (_, n) => append(`order-${n}`, -1, 400_000)));
    expect(sizes(pool)).toEqual([2, 2, 1]);
  });

  test('a group ends before a stream that it holds: what is called in order is written in order', async () => {
    const { append, pool } = openWriter();
    const results = await Promise.all([append('a', -1), append('b', -1), append('a', -1), append('a', 0), append('c', -1)]);
    expect(pool.groups.map(({ streams }) => streams)).toEqual([['a', 'b'], ['a'], ['a', 'c']]);
    expect(results).toMatchObject([
      { appended: true, revision: 0, position: '00000000000000000001' },
      { appended: true, revision: 0, position: '00000000000000000002' },
      { appended: false, actualRevision: 0 },
      { appended: true, revision: 1, position: '00000000000000000003' },
      { appended: true, revision: 0, position: '00000000000000000004' },
    ]);
  });
});

describe('what is appended together', () => {
  test('stays together: a group that is nearly full ends before it, and so does one that holds one of its streams', async () => {
    const { append, appendAll, pool } = openWriter();
    const alone = Array.from({ length: 511 }, (_, n) => append(`order-${n}`));
    const results = [appendAll(['a', -1], ['b', -1]), appendAll(['c', -1], ['b', 0]), append('d')];
    await Promise.all([...alone, ...results]);
    expect(sizes(pool)).toEqual([511, 2, 3]);
    expect(pool.groups.at(-1)).toEqual({ streams: ['c', 'b', 'd'], expected: [-1, 0, -1], counts: [1, 1, 1], sets: [1, 1, 2] });
    expect(await results[1]).toMatchObject([
      { appended: true, position: '00000000000000000514' },
      { appended: true, position: '00000000000000000515' },
    ]);
  });

  test('is refused together, and the others of its group are not', async () => {
    const { append, appendAll } = openWriter();
    const results = await Promise.all([append('a'), appendAll(['b', -1], ['c', 4]), append('d')]);
    expect(results).toMatchObject([
      { appended: true },
      [
        { appended: false, actualRevision: -1 },
        { appended: false, actualRevision: -1 },
      ],
      { appended: true, position: '00000000000000000002' },
    ]);
  });

  test('counts in bytes as one', async () => {
    const { append, appendAll, pool } = openWriter();
    await Promise.all([append('a', -1, 400_000), appendAll(['b', -1, 400_000], ['c', -1, 400_000]), append('d', -1, 400_000)]);
    expect(sizes(pool)).toEqual([1, 2, 1]);
  });
});

describe('the queue', () => {
  test('takes 10,000 appends; the next is `store_busy`, and all that were taken are stored', async () => {
    const { append } = openWriter();
    const accepted = Array.from({ length: 10_000 }, (_, n) => append(`order-${n}`));
    await expect(append('one-more')).rejects.toMatchObject({ code: 'store_busy', message: expect.stringContaining('10000 appends') });
    for (const result of await Promise.all(accepted)) expect(result.appended).toBe(true);
    expect(await append('one-more')).toMatchObject({ appended: true, position: '00000000000000010001' });
  });

  test('takes 16 MiB', async () => {
    const { append } = openWriter();
    const accepted = Array.from({ length: 16 }, (_, n) => append(`order-${n}`, -1, 1_000_000));
    await expect(append('one-more', -1, 1_000_000)).rejects.toMatchObject({ code: 'store_busy' });
    for (const result of await Promise.all(accepted)) expect(result.appended).toBe(true);
    expect(await append('one-more', -1, 1_000_000)).toMatchObject({ appended: true });
  });

  test('drains: what was queued is answered', async () => {
    const { append, writer } = openWriter();
    const queued = ['a', 'b', 'a'].map((stream) => append(stream));
    await writer.drain();
    expect((await Promise.all(queued)).map(({ appended }) => appended)).toEqual([true, true, false]);
  });
});

describe('a failure', () => {
  test.each([
    ['57P01', 'an administrator ends the connection'],
    ['08006', 'the connection breaks'],
    ['ECONNRESET', 'the network breaks'],
    ['PD003', 'the server became a replica'],
    ['25006', 'transactions are read only'],
    ['3F000', 'the schema is not there, as on a replica that lags'],
    ['XX000', 'a pooler lost its server'],
  ])('%s (%s): the client is destroyed, and the same append is sent again on another', async (code) => {
    const { append, pool } = openWriter();
    let faults = 2;
    pool.fault = () => (faults-- > 0 ? sqlError(code) : undefined);
    expect(await append('a')).toMatchObject({ appended: true });
    expect(pool.clients).toHaveLength(3);
    expect(pool.clients.map(({ released }) => released.map((error) => error instanceof Error))).toEqual([[true], [true], [false]]);
  });

  test.each(['40001', '40P01', '55P03', '57014'])('%s: sent again on the same client, which is as it was', async (code) => {
    const { append, pool } = openWriter();
    let faults = 2;
    pool.fault = () => (faults-- > 0 ? sqlError(code) : undefined);
    expect(await append('a')).toMatchObject({ appended: true });
    expect(pool.clients).toHaveLength(1);
  });

  test('where an outcome is not known when the time is over, the message says so; who was never sent was not written', async () => {
    const { append, pool, clock } = openWriter();
    const answering = Promise.withResolvers<Error>();
    pool.fault = () => answering.promise;
    const sent = refusalOf(append('sent'));
    await turns(5);
    const waiting = refusalOf(append('waiting'));
    clock.ms += 20_000;
    answering.resolve(sqlError('ECONNRESET'));
    expect(await sent).toMatchObject({ code: 'store_unavailable', message: expect.stringMatching(/may be stored or not.*settles it/) });
    expect(await waiting).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('Nothing was written.') });
  });

  test('a lock that stays held is `store_busy` with nothing written, unless an earlier attempt is in doubt', async () => {
    const { append, pool, clock } = openWriter();
    pool.fault = () => {
      clock.ms += 4_000;
      return sqlError('55P03');
    };
    expect(await refusalOf(append('a'))).toMatchObject({
      code: 'store_busy',
      message: expect.stringMatching(/holds the lock.*Nothing was written\.$/),
    });
    let calls = 0;
    pool.fault = () => {
      clock.ms += 4_000;
      return sqlError(calls++ === 0 ? '57P01' : '55P03');
    };
    expect(await refusalOf(append('b'))).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('may be stored or not'),
    });
  });

  test.each([
    ['53100', 'store_full', 'Make room'],
    ['53200', 'store_full', 'Make room'],
    ['XX001', 'corrupt', 'Stop the writers'],
    ['XX002', 'corrupt', 'Stop the writers'],
    ['23505', 'corrupt', 'Stop the writers'],
    ['42501', 'store_unavailable', 'a right of this role taken away'],
    ['0A000', 'store_unavailable', "Look at the server's log"],
  ])('%s is %s at once, and the store goes on', async (state, code, advice) => {
    const { append, pool } = openWriter();
    pool.fault = () => sqlError(state, 'said by PostgreSQL');
    const refusal = await refusalOf(append('a'));
    expect(refusal).toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`^a: the append .*said by PostgreSQL.*${advice}.*Nothing was written\\.$`)),
    });
    pool.fault = () => undefined;
    expect(await append('a')).toMatchObject({ appended: true });
    expect(pool.clients).toHaveLength(1);
  });

  test.each(['XX000', 'XX001', '53200', '0A000'])(
    '%s where a connection is made says nothing of the log: it is tried again',
    async (state) => {
      const { append, pool, clock } = openWriter();
      const connect = pool.connect.bind(pool);
      pool.connect = async () => {
        clock.ms += 4_000;
        throw sqlError(state, 'said by a pooler');
      };
      expect(await refusalOf(append('a'))).toMatchObject({
        code: 'store_unavailable',
        message: expect.stringMatching(/got no answer within 15 s.*said by a pooler.*Nothing was written\.$/),
      });
      let refusals = 2;
      pool.connect = () => (refusals-- > 0 ? Promise.reject(sqlError(state)) : connect());
      expect(await append('a')).toMatchObject({ appended: true });
    },
  );

  test('42501 where a connection is made is told at once', async () => {
    const { append, pool, clock } = openWriter();
    pool.connect = () => Promise.reject(sqlError('42501'));
    const { ms } = clock;
    expect(await refusalOf(append('a'))).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('a right of this role'),
    });
    expect(clock.ms).toBe(ms);
  });

  test('one damaged stream fails alone', async () => {
    const { append, pool } = openWriter();
    pool.fault = ({ streams }) => (streams.includes('damaged') ? sqlError('XX001') : undefined);
    const results = await Promise.allSettled(['a', 'damaged', 'b', 'c'].map((stream) => append(stream)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  test('a log that went back ends all appends, queued and later, without another call', async () => {
    const { append, pool } = openWriter();
    await append('a');
    pool.fault = () => sqlError('PD001');
    const queued = ['b', 'b', 'c'].map((stream) => refusalOf(append(stream)));
    for (const refusal of await Promise.all(queued)) expect(refusal).toMatchObject({ code: 'log_went_back' });
    const calls = pool.queries.length;
    pool.fault = () => undefined;
    expect(await refusalOf(append('d'))).toMatchObject({ code: 'log_went_back' });
    expect(pool.queries).toHaveLength(calls);
  });

  test('a wait for the standby that somebody cancelled is no acknowledgement', async () => {
    const { append, pool } = openWriter();
    pool.fault = (_, client) => {
      client.emit('notice', { code: '01000' });
      return undefined;
    };
    expect(await refusalOf(append('a'))).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('cancelled the wait for the standby'),
    });
    pool.fault = (_, client) => {
      client.emit('notice', { code: '00000' });
      return undefined;
    };
    expect(await append('b')).toMatchObject({ appended: true });
  });

  test('a bug keeps its stack, and destroys the client', async () => {
    const { append, pool } = openWriter();
    const bug = new TypeError('a bug');
    pool.fault = () => bug;
    expect(await refusalOf(append('a'))).toBe(bug);
  });

  test('a client that dies while it is checked out is replaced', async () => {
    const { append, pool } = openWriter();
    let deaths = 1;
    pool.fault = (_, client) => {
      if (deaths-- === 0) return undefined;
      client.emit('error', sqlError('57P01'));
      return new Promise(() => undefined); // No answer ever comes.
    };
    expect(await append('a')).toMatchObject({ appended: true });
    expect(pool.clients).toHaveLength(2);
  });
});

describe('a role whose default isolation is not READ COMMITTED', () => {
  test('gets it said around the call, from the first refusal on', async () => {
    const { append, pool } = openWriter();
    pool.fault = () => (pool.queries.at(-2)?.startsWith('begin isolation level read committed') ? undefined : sqlError('PD002'));
    expect(await append('a')).toMatchObject({ appended: true });
    expect(await append('b')).toMatchObject({ appended: true });
    expect(pool.queries.map((query) => query.split(' ', 1)[0])).toEqual([
      'select',
      'begin',
      'select',
      'commit',
      'begin',
      'select',
      'commit',
    ]);
  });
});

describe('the clients of the pool', () => {
  test('keep no listener of ours: 1,000 calls leave none', async () => {
    const { append, pool } = openWriter();
    for (let n = 0; n < 1_000; n++) await append(`order-${n}`);
    expect(pool.clients).toHaveLength(1);
    expect(pool.clients[0]?.listening).toBe(0);
  });
});

function openWriter() {
  const pool = new FakePool();
  const clock = { ms: 0 };
  const runtime: Runtime = { ...systemRuntime, monotonicNowMs: () => clock.ms, sleep: () => new Promise(setImmediate) };
  const writer = new Writer({
    connections: new Connections(pool, runtime),
    call: new AppendCall('paidonce', 5_000),
    known: new LastKnown<number>(),
    schema: 'paidonce',
    runtime,
    timeoutMs: 15_000,
    attemptTimeoutMs: 5_000,
    onCommit: () => undefined,
  });
  const appendAll = (...appends: readonly (readonly [stream: string, expected: number, chars?: number])[]) =>
    writer.append(appends.map(([stream, expected, chars = 10]) => checkAppend(stream, expected, [eventOf(chars)])));
  const append = async (stream: string, expected = -1, chars = 10): Promise<AppendResult> =>
    (await appendAll([stream, expected, chars]))[0] as AppendResult;
  return { pool, writer, append, appendAll, clock };
}

function sizes(pool: FakePool): readonly number[] {
  return pool.groups.map(({ streams }) => streams.length);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

function refusalOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'it was not refused',
    (error: unknown) => error,
  );
}
