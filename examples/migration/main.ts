// `npm run migration`: a made-up shop goes from its own webhook handler to PaidOnce, and back, and forth, on SQLite and the sandbox.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playMigration } from './play.ts';

const folder = mkdtempSync(join(tmpdir(), 'paidonce-migration-'));
try {
  const played = await playMigration(folder, (phase) => console.error(phase));
  console.log(JSON.stringify(played, null, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
