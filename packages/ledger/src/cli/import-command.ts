// The command `paidonce import` writes an NDJSON export into an empty store.

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { importNdjson } from '../audit/export/ndjson.ts';
import { type Command, jsonOption, storeOption } from '../command-line/command.ts';
import { createOption, openWritableStore, storeUrl } from '../command-line/open-store.ts';
import { grouped, rateText } from '../command-line/terminal.ts';
import { LedgerError } from '../errors.ts';

export const importCommand: Command = {
  positionals: ['FILE'],
  options: { ...storeOption, ...createOption, ...jsonOption },
  run: async ({ positionals: [path = ''], options, env, terminal }) => {
    requireFile(path); // Check the file first: if it cannot be read, no empty store must be left.
    const { store, keepsOrder } = await openWritableStore(storeUrl(options.text('store'), env), {
      terminal,
      create: options.flag('create'),
    });
    const startedMs = performance.now();
    try {
      const imported = await importNdjson(linesIn(path), store, { keepsOrder, onEvents: (events) => terminal.progress('import', events) });
      terminal.endProgress();
      terminal.out(
        options.flag('json')
          ? JSON.stringify(imported)
          : `${grouped(imported.size)} events imported (${rateText(imported.size, (performance.now() - startedMs) / 1_000)}). Tree: ${imported.root}, as exported.`,
      );
      return 0;
    } finally {
      await store.close();
    }
  },
};

/** Yields the lines. Opens the file only at the first read: lines that arrive earlier would be lost. */
async function* linesIn(path: string): AsyncGenerator<string, void, undefined> {
  yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
}

function requireFile(path: string): void {
  if (!existsSync(path)) throw new LedgerError('invalid_input', `${path} does not exist`);
  if (statSync(path).isDirectory()) throw new LedgerError('invalid_input', `${path} is a folder. Which file in it holds the export?`);
}
