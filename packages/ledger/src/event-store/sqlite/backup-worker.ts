// The worker thread of `backup.ts`. Runs one statement, whose time grows with the log.

import { workerData } from 'node:worker_threads';
import type { BackupOrder } from './backup.ts';
import { DatabaseSync } from './node-sqlite.ts';

const { from, to } = workerData as BackupOrder;
// This thread may wait for the file: it blocks no other work.
const db = new DatabaseSync(from, { timeout: 10_000 });
db.prepare('VACUUM INTO ?').run(to);
db.close();
