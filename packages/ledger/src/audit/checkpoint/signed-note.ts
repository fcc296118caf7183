// Signed notes (c2sp.org/signed-note) with Ed25519: a text, a blank line, and one signature line for each key that
// signed it. Any tool that reads the format can check ours. To rotate a key, sign with both keys for a while.
import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign, verify } from 'node:crypto';
import { LedgerError } from '../../errors.ts';
import { isPlainText } from '../../plain-text.ts';

/** A private key that signs notes. */
export interface NoteSigner {
  /** The name in the signature line: a URL without scheme, usually the origin of the log. */
  readonly name: string;
  /** The public key, `name+id+base64`: give it to auditors. */
  readonly verifierKey: string;
  /** Returns the Ed25519 signature of the text, 64 bytes. */
  sign(text: string): Buffer;
}

/** A public key that checks signatures of notes. */
export interface NoteVerifier {
  /** The name in the signature line. */
  readonly name: string;
  readonly key: KeyObject;
  /** Four bytes that, with the name, show which key signed. They prove nothing by themselves. */
  readonly id: Buffer;
}

/** The text with the names of the trusted keys that signed it, or the reason why the note is refused. */
export type OpenedNote = { readonly text: string; readonly signedBy: readonly string[] } | { readonly refused: string };

const ed25519 = 1;
const signerPrefix = 'PRIVATE+KEY+';
/** The start of an Ed25519 private key in PKCS #8 (RFC 8410); the 32 bytes of the key follow. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
/** No honest note has more signature lines. Each line costs a verification. */
const maxSignatures = 64;

/**
 * Makes a new key pair, as the two texts of the format. Keep `signerKey` secret; give `verifierKey` to auditors.
 * @throws LedgerError `invalid_input`: the name is empty, or has a space or a `+`.
 */
export function generateNoteKey(name: string): { readonly signerKey: string; readonly verifierKey: string } {
  refuseName(name);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const encoded = Buffer.concat([Buffer.from([ed25519]), seed]).toString('base64');
  const id = keyId(name, rawPublicKey(publicKey));
  return { signerKey: `${signerPrefix}${name}+${id.toString('hex')}+${encoded}`, verifierKey: verifierKeyText(name, publicKey) };
}

/** Reads a private key, `PRIVATE+KEY+name+id+base64`. @throws LedgerError `invalid_input`; its message never shows the key. */
export function parseSignerKey(text: string): NoteSigner {
  const key = text.trim(); // Takes a byte-order mark away too.
  if (!key.startsWith(signerPrefix)) refuseKey('the signing key', `must begin with ${signerPrefix}`);
  const { name, id, bytes } = parseKey(key.slice(signerPrefix.length), 'the signing key');
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, bytes]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  if (!keyId(name, rawPublicKey(publicKey)).equals(id)) refuseKey(`the signing key ${name}`, 'does not belong to its id');
  return { name, verifierKey: verifierKeyText(name, publicKey), sign: (note) => sign(null, Buffer.from(note), privateKey) };
}

/**
 * Reads a public key, `name+id+base64`.
 * @throws LedgerError `invalid_input`: it is no such key, or it is a private one; its message never shows the text that was given,
 *   since that may be a private key with something before it.
 */
export function parseVerifierKey(text: string): NoteVerifier {
  if (/PRIVATE[+\s]+KEY/i.test(text))
    refuseKey('the key', 'is a private one: give auditors the other, and replace this one if it was shown');
  const { name, id, bytes } = parseKey(text, `the public key, a text of ${text.length} characters,`);
  if (!keyId(name, bytes).equals(id)) refuseKey(`the public key ${name}+${id.toString('hex')}`, 'does not belong to its id');
  return { name, id, key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' }) };
}

/** Returns the signed note. @param text must end with a line break, and must not have an empty last line. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  const lines = signers.map((signer) => {
    const signature = Buffer.concat([parseVerifierKey(signer.verifierKey).id, signer.sign(text)]);
    return `— ${signer.name} ${signature.toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/**
 * Returns the text if a trusted key has signed it. Signatures by unknown keys are ignored, so that a key can be rotated and
 * witnesses can sign too. A false signature by a trusted key refuses the whole note. Never throws.
 */
export function openNote(note: string, trusted: readonly NoteVerifier[]): OpenedNote {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the format forbids them
  if (/[\x00-\x09\x0b-\x1f]/.test(note)) return { refused: 'it holds control characters' };
  const split = note.lastIndexOf('\n\n');
  if (split === -1) return { refused: 'it has no blank line before its signatures' };
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0) return { refused: 'it has no signature line, or the last one is cut off' };
  if (lines.length > maxSignatures) return { refused: `it has more than ${maxSignatures} signatures` };
  const signedBy: string[] = [];
  for (const line of lines) {
    const [, name = '', encoded = ''] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
    const signature = Buffer.from(encoded, 'base64');
    if (signature.length <= 4) return { refused: `${JSON.stringify(line)} is no signature line` };
    const known = trusted.find((key) => key.name === name && key.id.equals(signature.subarray(0, 4)));
    if (!known) continue;
    if (!verify(null, Buffer.from(text), known.key, signature.subarray(4))) return { refused: `the signature of ${name} is false` };
    signedBy.push(name);
  }
  if (signedBy.length === 0) {
    const names = lines.map((line) => line.split(' ')[1]).join(', ');
    return { refused: `it is signed by ${names}, with no key that you gave` };
  }
  return { text, signedBy };
}

/** True if it has the form of a signed note: a text, one blank line, whole signature lines. It checks no signature. */
export function isSignedNote(note: string): boolean {
  return /^(?:[^\n]+\n)+\n(?:— [^\s+]+ [A-Za-z0-9+/]+={0,2}\n)+$/u.test(note);
}

function verifierKeyText(name: string, publicKey: KeyObject): string {
  const raw = rawPublicKey(publicKey);
  return `${name}+${keyId(name, raw).toString('hex')}+${Buffer.concat([Buffer.from([ed25519]), raw]).toString('base64')}`;
}

function rawPublicKey(publicKey: KeyObject): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

function keyId(name: string, raw: Buffer): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ed25519]), raw]), 'buffer').subarray(0, 4);
}

/** Splits `name+id+base64`; the base64 may contain more plus signs. */
function parseKey(text: string, what: string): { readonly name: string; readonly id: Buffer; readonly bytes: Buffer } {
  const [, name = '', id = '', encoded = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(text.trim()) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== 33 || bytes[0] !== ed25519) refuseKey(what, 'is no Ed25519 key of the form name+id+base64');
  return { name, id: Buffer.from(id, 'hex'), bytes: bytes.subarray(1) };
}

function refuseName(name: string): void {
  if (!/^[^\s+]+$/u.test(name) || !isPlainText(name)) {
    throw new LedgerError(
      'invalid_input',
      `${JSON.stringify(name)} is no name of a key: it must have no spaces and no +, like shop.example/ledger`,
    );
  }
}

function refuseKey(what: string, why: string): never {
  throw new LedgerError('invalid_input', `${what} ${why}. \`paidonce key NAME\` makes a pair`);
}
