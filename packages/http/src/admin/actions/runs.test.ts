// Bulk runs over a real socket: started by a form or by JSON, one at a time, and canceled.
import type { Run } from '@paidonce/ledger';
import { expect, onTestFinished, test } from 'vitest';
import { type ConsoleWorld, openConsole, startOrder } from '../console.test-support.ts';

const home = '/admin/payments';
const reason = 'the table was locked';

async function asJson(world: ConsoleWorld, path: string, body: object): Promise<readonly [number, Record<string, unknown>]> {
  const headers = { 'content-type': 'application/json' };
  const answer = await world.ask(`${home}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return [answer.status, (await answer.json()) as Record<string, unknown>];
}

/** An order that is paid, and that the shop has refused once. The shop then waits for `open` before it saves anything. */
async function refusedOrder(): Promise<{ readonly world: ConsoleWorld; readonly open: () => void }> {
  let refuses = true;
  const gate = Promise.withResolvers<void>();
  onTestFinished(() => gate.resolve());
  const world = await openConsole({
    deliver: async () => {
      if (refuses) throw new Error('locked');
      await gate.promise;
    },
  });
  const { pay } = await startOrder(world, 'o-1');
  await pay();
  await world.payments.recheck('o-1');
  await expect.poll(async () => (await world.ledger.history('o-1')).some(({ type }) => type === 'DeliveryFailed')).toBe(true);
  // A run leaves alone what was decided after the lists that it was chosen from.
  await expect.poll(async () => (await world.ledger.console.undelivered()).items.length).toBe(1);
  refuses = false;
  return { world, open: gate.resolve };
}

const read = async (world: ConsoleWorld, runId: unknown): Promise<Run> => (await (await world.ask(`${home}/runs/${runId}`)).json()) as Run;

test('a run is started, shown, and ends; its orders are delivered', async () => {
  const { world, open } = await refusedOrder();
  const answer = await world.send(`${home}/runs`, { kind: 'redeliver', id: 'o-1', reason });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, expect.stringMatching(/^\.\/runs\/[\w-]{36}$/)]);
  const runId = answer.headers.get('location')?.split('/').at(-1);
  expect(await read(world, runId)).toMatchObject({ state: 'running', count: 1, by: { actor: 'support-7', reason } });
  open();
  await expect.poll(() => read(world, runId)).toMatchObject({ state: 'finished', failed: 0 });
  expect((await world.ledger.order('o-1'))?.delivered).toBe(1);
});

test('while one goes on, another is not started; canceled, it ends, and a second press says that it has', async () => {
  const { world, open } = await refusedOrder();
  const [status, { outcome, runId }] = await asJson(world, 'runs', { kind: 'redeliver', id: ['o-1'], reason });
  expect([status, outcome]).toEqual([200, 'started']);
  expect(await asJson(world, 'runs', { kind: 'recheck', id: ['o-1'], reason })).toEqual([409, { error: 'run_under_way', runId }]);
  const asPage = await world.send(`${home}/runs`, { kind: 'recheck', id: 'o-1', reason });
  expect([asPage.status, await asPage.text()]).toEqual([409, expect.stringContaining(String(runId))]);
  expect(await asJson(world, `runs/${runId}/cancel`, { reason })).toEqual([200, { outcome: 'canceled', runId }]);
  expect((await read(world, runId)).state).toBe('canceled');
  expect(await asJson(world, `runs/${runId}/cancel`, { reason })).toEqual([409, { outcome: 'ended', runId }]);
  open();
});

test.each([
  [{ id: ['o-1'], reason }, 422],
  [{ kind: 'grant', id: ['o-1'], reason }, 400],
  [{ kind: 'redeliver', reason }, 422],
  [{ kind: 'redeliver', id: [], reason }, 422],
  [{ kind: 'redeliver', id: ['o-1'] }, 422],
  [{ kind: 'redeliver', id: ['o-1'], reason: ' ' }, 422],
  [{ kind: 'redeliver', pick: 'all', reason }, 400],
])('%j starts nothing', async (body, status) => {
  const world = await openConsole();
  await startOrder(world, 'o-1');
  expect((await asJson(world, 'runs', body))[0]).toBe(status);
  expect((await world.ledger.runs.runs()).items).toEqual([]);
});

test('a run that is not there is not canceled', async () => {
  const world = await openConsole();
  for (const runId of ['none', '%3Cscript%3E']) expect((await asJson(world, `runs/${runId}/cancel`, { reason }))[0]).toBe(404);
});
