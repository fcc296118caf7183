// The command `paidonce receipt ORDER` writes the receipt of one order; `paidonce receipt verify FILE` checks one offline.
import { readCheckpoint } from '../audit/checkpoint/signed-checkpoint.ts';
import { isSignedNote, parseVerifierKey } from '../audit/checkpoint/signed-note.ts';
import { type ReceiptOptions, takeReceipt, verifyReceiptDecisions } from '../audit/receipt/receipt.ts';
import { parseReceipt, type Receipt, verifyReceipt } from '../audit/receipt/receipt-verify.ts';
import { type Command, type ExitCode, type Invocation, readingOptions } from '../command-line/command.ts';
import { LedgerError } from '../errors.ts';
import { readText, writeNewFile } from '../written-files.ts';
import { readCheckpoints, readSigners, readVerifierKeys } from './key-files.ts';
import { asOfIn, measured, withLog } from './open-log.ts';

export const receiptCommand: Command = {
  positionals: ['ORDER|verify', '[FILE]'],
  details: [
    'paidonce receipt ORDER --key-file FILE [--out FILE]      signs the log as it is',
    'paidonce receipt ORDER --checkpoints FILE [--out FILE]   uses a checkpoint that was signed before',
    'paidonce receipt verify FILE --key KEY                   needs nothing else. Exits 3 where it proves nothing',
  ],
  options: {
    ...readingOptions,
    'key-file': { value: 'FILE', multiple: true, help: 'private key to sign with' },
    origin: { value: 'NAME', help: 'the name of the log. Default: the name of the key' },
    checkpoints: { value: 'FILE', multiple: true, help: 'signed checkpoints; the largest whole one is used' },
    out: { value: 'FILE', help: 'a new file for the receipt. Default: standard output' },
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
  options.refuse(['key'], 'is for: paidonce receipt verify FILE. What signs a receipt is a private key: --key-file FILE');
  const proof = proofIn(invocation);
  return withLog(invocation, async (log) => {
    const measure = measured(invocation, 'receipt', log, 2); // Reads the log twice: to find the events' places, and to hash.
    let read = 0;
    const receipt = await takeReceipt(log, orderId, {
      proof,
      ...(await asOfIn(invocation, log)),
      onEvents: (events) => {
        read = events;
        measure.onEvents(events);
      },
    });
    const took = measure.end(Math.round(read / 2));
    const out = options.text('out');
    const text = JSON.stringify(receipt, null, 2);
    if (out === undefined) for (const line of text.split('\n')) terminal.out(line);
    else writeNewFile(out, `${text}\n`);
    if (out !== undefined && options.flag('json'))
      terminal.out(JSON.stringify({ file: out, orderId, events: receipt.events.length, checkpoint: receipt.checkpoint }));
    terminal.err(`${out ?? 'Receipt'}: ${receipt.events.length} events of order ${orderId}, with their proofs; ${took}.`);
    return 0;
  });
}

/** Returns the checkpoint that covers most, or the keys to sign with. Passes over one that a crash or a full disk has cut off. */
function proofIn({ options }: Invocation): ReceiptOptions['proof'] {
  const sizeOf = (note: string): number => {
    const checkpoint = readCheckpoint(note);
    return 'refused' in checkpoint ? -1 : checkpoint.size;
  };
  const notes = readCheckpoints(options.texts('checkpoints'));
  const [checkpoint] = notes.filter(isSignedNote).toSorted((a, b) => sizeOf(b) - sizeOf(a));
  if (notes.length > 0 && checkpoint === undefined)
    throw new LedgerError('invalid_input', '--checkpoints: none has a whole signature. Sign the log again: paidonce checkpoint');
  if (checkpoint !== undefined) {
    options.refuse(['key-file', 'origin'], 'signs the log as it is, and --checkpoints uses what was signed before. Leave one of them out');
    return { checkpoint };
  }
  const signers = readSigners(options.texts('key-file'));
  const [signer] = signers;
  if (signer === undefined)
    throw new LedgerError('invalid_input', 'A receipt needs a signature. Pass --checkpoints FILE, or --key-file FILE');
  return { origin: options.text('origin') ?? signer.name, signers };
}

/** In UTF-8 a character takes up to four bytes. */
const mostReceiptBytes = 64 * 1024 * 1024;

/** Checks a receipt, and then makes the order's decisions again from the receipt alone. */
async function verifyFile({ options, terminal }: Invocation, path: string): Promise<ExitCode> {
  options.refuse(
    ['checkpoints', 'key-file', 'origin', 'out', 'store', 'as-of'],
    'is not for: paidonce receipt verify FILE, which reads that file and no log. Leave it out',
  );
  const keys = readVerifierKeys(options.texts('key'));
  if (keys.length === 0) throw new LedgerError('invalid_input', '--key is missing: without the public key anybody may have signed it');
  for (const each of keys) parseVerifierKey(each); // Throws if it is a private key or incomplete.
  const receipt = parseReceipt(readText(path, mostReceiptBytes));
  if (receipt === undefined) throw new LedgerError('invalid_input', `${path} is no JSON, or longer or deeper than any receipt`);
  const verified = await verifyReceipt(receipt, keys);
  const findings = verified.valid ? await verifyReceiptDecisions(receipt as Receipt) : [];
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
        ? 'Its decisions are the ones that the facts call for. Whether the order went on behind its last event, it does not say.'
        : `Decisions that the facts do not call for: ${findings.length}.`,
    );
  } else for (const problem of verified.problems) terminal.out(problem);
  return verified.valid && findings.length === 0 ? 0 : 3;
}
