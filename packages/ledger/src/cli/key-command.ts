// The command `paidonce key` makes a pair of keys that signs checkpoints.
import { generateNoteKey } from '../audit/checkpoint/signed-note.ts';
import { type Command, jsonOption } from '../command-line/command.ts';
import { writeNewFile } from '../written-files.ts';

export const keyCommand: Command = {
  positionals: ['NAME'],
  details: ['NAME is a name for the log without spaces, such as shop.example/ledger.'],
  options: { out: { value: 'FILE', help: 'where the private key goes; it must not exist' }, ...jsonOption },
  run: async ({ positionals: [name = ''], options, terminal }) => {
    const out = options.required('out', 'the private key must go into a file');
    const { signerKey, verifierKey } = generateNoteKey(name);
    writeNewFile(out, `${signerKey}\n`, 0o600);
    terminal.out(options.flag('json') ? JSON.stringify({ verifierKey, file: out }) : verifierKey);
    terminal.err(`The private key is in ${out}. Keep a copy where you keep secrets; give the line above to your auditors.`);
    return 0;
  },
};
