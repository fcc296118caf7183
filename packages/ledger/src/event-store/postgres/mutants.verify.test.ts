// Each scenario finds the fault that it is there for: the code that lacks it fails.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../testing/postgres-server/index.ts';
import { storeMutants } from './mutants.test-support.ts';
import type { Stage } from './scenarios.test-support.ts';
import { describeWithBinaries } from './server.test-support.ts';

describeWithBinaries('mutants of the store', () => {
  let primary: PostgresServer;
  let replica: PostgresServer;
  beforeAll(async () => {
    primary = await startPostgres();
    replica = await startPostgres({ copyOf: primary, standbyOf: primary.port });
    for (const [role, setting] of Object.entries(roles)) {
      await primary.query(`create role ${role} login superuser password 'secret'; alter role ${role} set ${setting}`);
    }
  });
  afterAll(async () => {
    await replica?.remove();
    await primary?.remove();
  });

  test.each(storeMutants.map((mutant, index) => ({ ...mutant, index })))('$name: found by $scenario', async ({ name, scenario, index }) => {
    const [played = '', , role = ''] = /^(\w+)( as (.*))?$/.exec(scenario)?.slice(1) ?? [];
    const stage: Stage = {
      url: primary.url(),
      replicaUrl: replica.url(),
      timeoutMs: 5_000,
      schema: `mutant_${index}`,
      ...(role && { roleUrl: primary.url('postgres', role.replaceAll(' ', '_'), 'secret') }),
    };
    const { code, said } = await play(name, played, stage);
    expect(code, said).toBe(3);
  });
});

const roles = {
  repeatable_read: "default_transaction_isolation = 'repeatable read'",
  one_that_does_not_wait: 'synchronous_commit = off',
};

async function play(mutant: string, scenario: string, stage: Stage): Promise<{ readonly code: unknown; readonly said: string }> {
  const script = fileURLToPath(new URL('./mutant-process.test-support.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', script, mutant, scenario, JSON.stringify(stage)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const [code] = await once(child, 'close');
  return { code, said };
}
