// The command `paidonce restore` puts a backup in the place of a SQLite log that no process has open.
import { type RestoredLog, restoreLog } from '../audit/copy/restore.ts';
import { type Command, jsonOption, storeOption } from '../command-line/command.ts';
import { storeUrl } from '../command-line/open-store.ts';
import { grouped } from '../command-line/terminal.ts';
import { LedgerError } from '../errors.ts';
import { schemeOf, sqlitePath } from '../event-store/store-schemes.ts';
import { withoutPassword } from '../event-store/without-password.ts';

export const restoreCommand: Command = {
  positionals: ['BACKUP'],
  details: [
    'Stop all processes that use the log first: while one has it open, nothing is changed. The -wal and -shm files of the old',
    'log do not stay beside the backup. What the backup lacks is brought back afterwards: docs/operate/after-a-restore.md.',
  ],
  options: { ...storeOption, ...jsonOption },
  run: async ({ positionals, options, env, terminal }) => {
    const [backup = ''] = positionals;
    const url = storeUrl(options.text('store'), env);
    if (schemeOf(url).reading !== 'sqliteFile') {
      throw new LedgerError('invalid_input', `${withoutPassword(url)} is no SQLite file. Restore a server with its own tools`);
    }
    const restored = await restoreLog(backup, sqlitePath(url), (events) => terminal.progress('verify', events));
    terminal.endProgress();
    for (const line of options.flag('json') ? [JSON.stringify(restored)] : linesOf(restored, url)) terminal.out(line);
    return 0;
  },
};

function linesOf({ size, root, kept, keptSize }: RestoredLog, url: string): readonly string[] {
  const had = keptSize === undefined ? '' : `, with ${grouped(keptSize)} events`;
  return [
    `${url} is the backup now: ${grouped(size)} events. Tree: ${root}`,
    ...(kept === undefined ? [] : [`The old log is kept as ${kept}${had}.`]),
    'Next: docs/operate/after-a-restore.md. Start one process, take in what the provider has since, then run: paidonce compare',
  ];
}
