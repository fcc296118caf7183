// Run by `replay.ts` as a process of its own: verifies and replays one log, and prints the most memory that it ever held.
import { replayLog, sqliteReader, verifyLog } from '@paidonce/ledger/audit';

const [path = ''] = process.argv.slice(2);
const log = sqliteReader(path);
await verifyLog(log);
await replayLog(log, { readModels: `${path}.read-models` });
await log.close();
console.log(Math.round(process.resourceUsage().maxRSS / 1024));
