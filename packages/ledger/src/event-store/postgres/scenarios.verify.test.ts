// The scenarios on the store as it is, on a real server: many writers and openers, three default isolations, a log that went
// back, silent connections, a replica that lags, a standby that does not confirm.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type PostgresServer, startPostgres, TcpProxy } from '../../testing/postgres-server/index.ts';
import { growing, inOrder, laggingReplica, opening, racing, silence, together, unconfirmed, wentBack } from './scenarios.test-support.ts';
import { allEvents, describeOnServer, describeWithBinaries, newEvents, openStore } from './server.test-support.ts';

describeOnServer('one server, many processes', (database) => {
  test('append at once: one order without gaps, nothing lost or doubled', () => racing(stage()));

  test.each(['read committed', 'repeatable read', 'serializable'])('also where the default isolation is %s', async (isolation) => {
    const roleUrl = await roleWith(`default_transaction_isolation = '${isolation}'`);
    await racing({ ...stage(), roleUrl });
  });

  test('open a new schema at the same moment', () => opening(stage()));
  test('what is called in order is written in order', () => inOrder(stage()));
  test('what is appended together is written together, or none of it', () => together(stage()));
  test('a log that grows is never read from end to end by an append', () => growing(stage()));
  test('a log that went back is refused by appends and by reads', () => wentBack(stage()));
  test('connections that fall silent are replaced', () => silence(stage()));

  function stage() {
    return { url: database().url, schema: database().newSchema() };
  }

  /** A role of the server with a default of its own. */
  async function roleWith(setting: string): Promise<string> {
    const name = `role_${Math.random().toString(36).slice(2)}`;
    await database().query(`create role ${name} login superuser password 'secret'; alter role ${name} set ${setting}`);
    const url = new URL(database().url);
    url.username = name;
    url.password = 'secret';
    return url.href;
  }
});

describeWithBinaries('a server with a replica', () => {
  let primary: PostgresServer;
  let replica: PostgresServer;
  let replication: TcpProxy;
  beforeAll(async () => {
    primary = await startPostgres();
    replication = await TcpProxy.start(primary.port);
    replica = await startPostgres({ copyOf: primary, standbyOf: replication.port });
  });
  afterAll(async () => {
    await replication?.close();
    await replica?.remove();
    await primary?.remove();
  });

  test('while its address leads to a replica that lags, calls wait and then go on', async () => {
    await laggingReplica({ url: primary.url(), schema: 'lagging', replicaUrl: replica.url() });
  });

  test('is read by audits on the replica, which is refused to whoever appends', async () => {
    const store = await openStore({ url: primary.url(), schema: 'audited' });
    await store.append('order-1', -1, newEvents(2));
    await expect
      .poll(() =>
        replica.query('select from audited.events').then(
          ({ length }) => length,
          () => 0,
        ),
      )
      .toBe(2);
    const audit = await openStore({ url: replica.url(), schema: 'audited', readOnly: true });
    expect(await allEvents(audit)).toEqual(await allEvents(store));
    await expect(audit.append('order-1', 1, newEvents(1))).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(openStore({ url: replica.url(), schema: 'audited' })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('The server is a read replica: it cannot append, and its reads lag. Name the primary'),
    });
  });

  test.each(['on', 'off'])('an append waits for the standby, and so does its repetition: synchronous_commit = %s', async (commits) => {
    await primary.query(
      `create role waits_${commits} login superuser password 'secret'; alter role waits_${commits} set synchronous_commit = ${commits}`,
    );
    await unconfirmed({ url: primary.url(), roleUrl: primary.url('postgres', `waits_${commits}`, 'secret'), schema: `waits_${commits}` });
  });

  test('a replica that was promoted without acknowledged appends is refused, and a new process goes on from what it has', async () => {
    const address = await TcpProxy.start(primary.port);
    onTestFinished(() => address.close());
    const url = address.through(primary.url());
    const store = await openStore({ url, schema: 'failover' });
    await store.append('order-1', -1, newEvents(1));
    await expect
      .poll(() =>
        replica.query('select from failover.events').then(
          ({ length }) => length,
          () => 0,
        ),
      )
      .toBe(1);
    replication.refuses = true;
    replication.cut();
    const lost = newEvents(3);
    for (const [n, event] of lost.entries()) expect(await store.append('order-1', n, [event])).toMatchObject({ appended: true });
    await primary.kill();
    address.targetPort = replica.port;
    const during = store.readStream('order-1'); // It waits for a primary, and is never answered by a replica.
    const refused = expect(during).rejects.toMatchObject({
      code: 'log_went_back',
      message: expect.stringContaining(lost[2]?.id as string),
    });
    await replica.query('select pg_promote()');
    await refused;
    await expect(store.append('order-1', 3, newEvents(1))).rejects.toMatchObject({ code: 'log_went_back' });
    const next = await openStore({ url, schema: 'failover' });
    expect(await next.readStream('order-1')).toHaveLength(1);
    expect(await next.append('order-1', 0, newEvents(1))).toMatchObject({ appended: true, revision: 1 });
  });
});
