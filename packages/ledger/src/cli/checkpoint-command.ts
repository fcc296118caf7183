// The command `paidonce checkpoint` signs a checkpoint of the log.
import { takeCheckpoint } from '../audit/checkpoint/checkpoint.ts';
import { readCheckpointFile } from '../audit/checkpoint/checkpoint-file.ts';
import { type Command, readingOptions } from '../command-line/command.ts';
import { LedgerError } from '../errors.ts';
import { appendToFile } from '../written-files.ts';
import { readSigners } from './key-files.ts';
import { asOfIn, measured, withLog } from './open-log.ts';

export const checkpointCommand: Command = {
  positionals: [],
  options: {
    ...readingOptions,
    'key-file': { value: 'FILE', multiple: true, help: 'private key, of `paidonce key`; two while one is rotated' },
    origin: { value: 'NAME', help: 'the name of the log. Default: the name of the key' },
    out: { value: 'FILE', help: 'append it to this file, too' },
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    const signers = readSigners(options.texts('key-file'));
    const [signer] = signers;
    if (signer === undefined) throw new LedgerError('invalid_input', '--key-file is missing. `paidonce key NAME --out FILE` makes a key');
    const origin = options.text('origin') ?? signer.name;
    return withLog(invocation, async (log) => {
      const measure = measured(invocation, 'checkpoint', log);
      const taken = await takeCheckpoint(log, { origin, signers, ...(await asOfIn(invocation, log)), onEvents: measure.onEvents });
      const took = measure.end(taken.size);
      const out = options.text('out');
      if (out !== undefined) {
        readCheckpointFile(out, origin); // Removes a part of a checkpoint at its end, which a full disk has left.
        appendToFile(out, taken.note);
      }
      for (const line of options.flag('json') ? [JSON.stringify({ origin, ...taken })] : taken.note.trimEnd().split('\n'))
        terminal.out(line);
      terminal.err(`Signed over ${took}.`);
      return 0;
    });
  },
};
