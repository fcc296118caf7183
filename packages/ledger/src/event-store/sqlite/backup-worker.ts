// The worker of `backup.ts`: one statement, which takes as long as the log is large.
import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import type { BackupOrder } from './backup.ts';

const { from, to } = workerData as BackupOrder;
// A thread of its own may wait for the file.
const db = new DatabaseSync(from, { timeout: 10_000 });
db.prepare('VACUUM INTO ?').run(to);
db.close();
