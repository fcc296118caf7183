// The command `paidonce copy` copies a ledger into another store, and proves the copy by the root of the tree. If it was
// interrupted, run it again.
import { type CopyPhase, type CopyResult, copyLedger } from '../audit/copy/copy.ts';
import { type Command, jsonOption } from '../command-line/command.ts';
import { createOption, openReader, openWritableStore } from '../command-line/open-store.ts';
import { grouped } from '../command-line/terminal.ts';
import { LedgerError } from '../errors.ts';
import { storeForms } from '../event-store/store-schemes.ts';

const phaseNames: Readonly<Record<CopyPhase, string>> = { compare: 'compare what is there', copy: 'copy', prove: 'read it back' };

export const copyCommand: Command = {
  positionals: [],
  details: [
    'To move: stop whoever writes to the source, copy, give the processes the new LEDGER_URL, start them. Where the source is',
    'still written to, the copy ends at what stood there when it began; run it again and the rest follows.',
    'A target that is no beginning of the source is refused before anything is written.',
  ],
  options: {
    from: { value: 'URL', help: `the log to read: ${storeForms}` },
    to: { value: 'URL', help: 'the store to write: empty, or an earlier copy of the same log' },
    ...createOption,
    ...jsonOption,
  },
  run: async ({ options, terminal }) => {
    const from = options.required('from', 'the log to read, like sqlite:data/ledger.db');
    const to = options.required('to', 'the store to write, like esdb://HOST:2113');
    if (from === to) throw new LedgerError('invalid_input', `--from and --to name the same store. Name another one to copy to`);
    const source = await openReader(from, { terminal }); // Open the source first: if it cannot be read, no empty target must be left.
    try {
      const { store, keepsOrder } = await openWritableStore(to, { terminal, create: options.flag('create') });
      try {
        const of = source.sqlite?.extent().events;
        const result = await copyLedger(source, store, {
          keepsOrder,
          onProgress: (phase, events) => terminal.progress(phaseNames[phase], events, of),
        });
        terminal.endProgress();
        for (const line of options.flag('json') ? [JSON.stringify(result)] : linesOf(result)) terminal.out(line);
        return result.outcome === 'copied' ? 0 : 3;
      } finally {
        await store.close();
      }
    } finally {
      await source.close();
    }
  },
};

function linesOf(result: CopyResult): readonly string[] {
  if (result.outcome === 'differs') {
    const { source, target } = result;
    return [
      'The two are not the same: somebody has changed one of them.',
      `  source  ${grouped(source.size)} events, tree ${source.root}`,
      `  target  ${grouped(target.size)} events, tree ${target.root}`,
      'Run paidonce verify on both, and begin again with an empty store.',
    ];
  }
  const { size, root, appended, sourceWentOn } = result;
  return [
    `${grouped(appended)} events copied, ${grouped(size - appended)} were there. Both have ${grouped(size)} events. Tree: ${root}, read back from the copy.`,
    ...(sourceWentOn === 0
      ? []
      : [`The source is still written to: ${grouped(sourceWentOn)} events came meanwhile. Stop its writers and run this again.`]),
  ];
}
