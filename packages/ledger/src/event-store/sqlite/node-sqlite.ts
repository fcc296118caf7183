// `node:sqlite`, or one sentence where Node is too old: a static import of it would end before any code of ours could say why.
import type * as sqlite from 'node:sqlite';
import { LedgerError } from '../../errors.ts';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 16)) {
  throw new LedgerError(
    'invalid_input',
    `PaidOnce needs Node 22.16 or newer, and this is ${process.version}. Start the program with a newer Node`,
  );
}

export type DatabaseSync = sqlite.DatabaseSync;
export type StatementSync = sqlite.StatementSync;
export const DatabaseSync: typeof sqlite.DatabaseSync = process.getBuiltinModule('node:sqlite').DatabaseSync;
