// The command `paidonce backup` makes a verified copy of a SQLite log while it is in use.
import { backUpLog } from '../audit/copy/backup.ts';
import { type Command, jsonOption, storeOption } from '../command-line/command.ts';
import { measured, withLog } from './open-log.ts';

export const backupCommand: Command = {
  positionals: ['FILE'],
  options: { ...storeOption, ...jsonOption },
  run: async (invocation) => {
    const { options, positionals, terminal } = invocation;
    const [path = ''] = positionals;
    return withLog(invocation, async (log) => {
      const measure = measured(invocation, 'backup', log);
      const backup = await backUpLog(log, path, measure.onEvents);
      const took = measure.end(backup.size);
      terminal.out(options.flag('json') ? JSON.stringify(backup) : `${path}: verified; ${took}. Tree: ${backup.root}`);
      return 0;
    });
  },
};
