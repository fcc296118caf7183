// The command `paidonce import` writes an NDJSON export into an empty store.

import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { importNdjson } from '../audit/export/ndjson.ts';
import { type Command, type ExitCode, type Invocation, jsonOption, storeOption } from '../command-line/command.ts';
import { createOption, openWritableStore, storeUrl } from '../command-line/open-store.ts';
import { grouped, rateText } from '../command-line/terminal.ts';
import { LedgerError } from '../errors.ts';

export const importCommand: Command = {
  positionals: ['FILE'],
  options: { ...storeOption, ...createOption, ...jsonOption },
  run: async (invocation) => {
    const [path = ''] = invocation.positionals;
    const file = await openFile(path); // First: if it cannot be read, no empty store must be left.
    try {
      return await importFile(file, invocation);
    } finally {
      await file.close();
    }
  },
};

async function importFile(file: FileHandle, { options, env, terminal }: Invocation): Promise<ExitCode> {
  const { store, keepsOrder } = await openWritableStore(storeUrl(options.text('store'), env), {
    terminal,
    create: options.flag('create'),
  });
  const startedMs = performance.now();
  try {
    const imported = await importNdjson(linesIn(file), store, { keepsOrder, onEvents: (events) => terminal.progress('import', events) });
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
}

/** Yields the lines. Only a line feed ends one: JSON may hold every other character that looks like a line break. */
async function* linesIn(file: FileHandle): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const chunk of file.createReadStream({ encoding: 'utf8', autoClose: false })) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield withoutReturn(line);
  }
  if (rest !== '') yield withoutReturn(rest);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

async function openFile(path: string): Promise<FileHandle> {
  if (!existsSync(path)) throw new LedgerError('invalid_input', `${path} does not exist`);
  const file = await open(path).catch((error: Error) => {
    throw new LedgerError('invalid_input', `${path} cannot be read: ${error.message}`, { cause: error });
  });
  if (!(await file.stat()).isDirectory()) return file;
  await file.close();
  throw new LedgerError('invalid_input', `${path} is a folder. Which file in it holds the export?`);
}
