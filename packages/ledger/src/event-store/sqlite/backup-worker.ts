// The worker thread of `backup.ts`. Runs one statement, whose time grows with the log.

import { workerData } from 'node:worker_threads';
import type { BackupOrder } from './backup.ts';
import { connectReadOnly } from './read-only.ts';

const { from, to } = workerData as BackupOrder;
const db = connectReadOnly(from); // This thread may wait for the file: it blocks no other work.
db.prepare('VACUUM INTO ?').run(to);
db.close();
