// Verifies and replays one log, and prints the largest memory that it used. `replay.ts` runs it as a separate process.
import { replayLog, sqliteReader, verifyLog } from '@paidonce/ledger/audit';

const [path = ''] = process.argv.slice(2);
const log = sqliteReader(path);
await verifyLog(log);
await replayLog(log, { readModels: `${path}.read-models` });
await log.close();
console.log(Math.round(process.resourceUsage().maxRSS / 1024));
