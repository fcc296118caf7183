// `paidonce receipt ORDER` writes the proof of one order; `paidonce receipt verify FILE` checks one, offline.
import { writeFileSync } from 'node:fs';
import { judgeReceipt, type ReceiptOptions, takeReceipt } from '../audit/receipt.ts';
import { type Receipt, verifyReceipt } from '../audit/receipt-verify.ts';
import { LedgerError } from '../errors.ts';
import { type Command, type ExitCode, type Invocation, jsonOption, storeOption } from './command.ts';
import { readCheckpoints, readSigners, readText, readVerifierKeys } from './key-files.ts';
import { eventsIn, withLog } from './open-log.ts';

export const receiptCommand: Command = {
  name: 'receipt',
  positionals: ['ORDER|verify', '[FILE]'],
  summary: 'Writes a receipt for an order: its events, and the proof that they stand in the log that was signed.',
  details: [
    'paidonce receipt ORDER --key-file FILE [--out FILE]      signs the log as it is',
    'paidonce receipt ORDER --checkpoints FILE [--out FILE]   rests on a checkpoint that was signed before',
    'paidonce receipt verify FILE --key KEY                   needs nothing else. Exits 3 where it proves nothing',
  ],
  options: {
    ...storeOption,
    ...jsonOption,
    'key-file': { value: 'FILE', multiple: true, help: 'private key to sign with' },
    origin: { value: 'NAME', help: 'the name of the log. Default: the name of the key' },
    checkpoints: { value: 'FILE', multiple: true, help: 'signed checkpoints; the newest is used' },
    out: { value: 'FILE', help: 'where the receipt goes. Default: standard output' },
    key: { value: 'KEY|FILE', multiple: true, help: 'verify: public key that you trust' },
  },
  run: async (invocation) => {
    const [order = '', file] = invocation.positionals;
    if (order === 'verify' && file !== undefined) return verifyFile(invocation, file);
    if (file !== undefined) throw new LedgerError('invalid_input', 'Name one order, or: paidonce receipt verify FILE');
    return writeReceipt(invocation, order);
  },
};

async function writeReceipt(invocation: Invocation, orderId: string): Promise<ExitCode> {
  const { options, terminal } = invocation;
  const proof = proofIn(invocation);
  return withLog(invocation, async (log) => {
    const events = eventsIn(log);
    const receipt = await takeReceipt(log, orderId, { proof, onEvents: (read) => terminal.progress('receipt', read, events) });
    terminal.endProgress();
    const out = options.text('out');
    if (out === undefined) terminal.out(JSON.stringify(receipt, null, 2));
    else {
      writeFileSync(out, `${JSON.stringify(receipt, null, 2)}\n`);
      terminal.err(`${out}: ${receipt.events.length} events of order ${orderId}, with their proofs.`);
    }
    return 0;
  });
}

function proofIn({ options }: Invocation): ReceiptOptions['proof'] {
  const checkpoint = readCheckpoints(options.texts('checkpoints')).at(-1);
  if (checkpoint !== undefined) return { checkpoint };
  const signers = readSigners(options.texts('key-file'));
  const origin = options.text('origin') ?? signers[0]?.name;
  if (origin === undefined)
    throw new LedgerError('invalid_input', 'A receipt rests on a signature. Pass --checkpoints FILE, or --key-file FILE');
  return { origin, signers };
}

/** The small verifier, and then the decisions of the order, made again from the receipt alone. */
async function verifyFile({ options, terminal }: Invocation, path: string): Promise<ExitCode> {
  const keys = readVerifierKeys(options.texts('key'));
  if (keys.length === 0) throw new LedgerError('invalid_input', '--key is missing: without the public key anybody may have signed it');
  const receipt = parseReceipt(path);
  const verified = await verifyReceipt(receipt, keys);
  const findings = verified.valid ? await judgeReceipt(receipt as Receipt) : [];
  if (options.flag('json')) terminal.out(JSON.stringify({ ...verified, findings }));
  else if (verified.valid) {
    const { orderId, origin, size, signedBy } = verified;
    terminal.out(
      `Order ${orderId}: ${(receipt as Receipt).events.length} events stand in the first ${size} of ${origin}, signed by ${signedBy.join(' and ')}.`,
    );
    for (const { stream, revision, expected, found } of findings)
      terminal.out(`${stream}@${revision}: expected ${expected}; found ${found}`);
    terminal.out(
      findings.length === 0
        ? 'Its decisions are the ones that the facts call for. What came after the checkpoint it does not say.'
        : `Decisions that the facts do not call for: ${findings.length}.`,
    );
  } else for (const problem of verified.problems) terminal.out(problem);
  return verified.valid && findings.length === 0 ? 0 : 3;
}

function parseReceipt(path: string): unknown {
  try {
    return JSON.parse(readText(path)) as unknown;
  } catch (error) {
    if (error instanceof LedgerError) throw error;
    throw new LedgerError('invalid_input', `${path} is no JSON`);
  }
}
