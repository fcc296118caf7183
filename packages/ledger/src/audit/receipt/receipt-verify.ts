// Checks a receipt offline; it needs only a public key. It imports nothing and uses only WebCrypto (SHA-256 and Ed25519), so
// that it runs in a browser without changes, and others can port it line by line. Nobody vouches for a receipt: whatever it is,
// the answer comes in bounded time and memory, nothing is thrown, and no problem holds a character that moves on a terminal.

/** A receipt, stored as JSON. All texts are exactly as the log stores them. */
export interface Receipt {
  readonly format: 'paidonce-receipt/1';
  readonly orderId: string;
  /** The signed note: origin, number of events and root of the log's Merkle tree (RFC 6962). */
  readonly checkpoint: string;
  /** The events of the order's stream, of its payments' reference streams, and of the policies that it names. */
  readonly events: readonly ReceiptEvent[];
}

/** One event of a receipt, with the proof that it is in the log. */
export interface ReceiptEvent {
  /** The event's place in the log, from 0. */
  readonly index: number;
  readonly stream: string;
  /** The event's place in its stream, from 0. */
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  /** The stored JSON text. */
  readonly metadata: string;
  /** The stored JSON text. */
  readonly data: string;
  /** The hashes of the inclusion proof, base64, from the leaf's sibling to the root's child. */
  readonly proof: readonly string[];
}

/**
 * The result. If valid: the log's origin, how many events the checkpoint covers, and the names of the keys that signed it.
 * Else at least one problem, as an English sentence.
 */
export type VerifiedReceipt =
  | { readonly valid: true; readonly orderId: string; readonly origin: string; readonly size: number; readonly signedBy: readonly string[] }
  | { readonly valid: false; readonly problems: readonly string[] };

type Bytes = Uint8Array<ArrayBuffer>;

/** The bounds of a receipt. An order has some ten events; a store takes none of more than 1 MiB, or nested deeper than 64. */
export const maxReceiptEvents = 5_000;
const limits = { chars: 2 ** 24, eventChars: 2 ** 20, depth: 66, noteChars: 2 ** 16, signatures: 64, problems: 20 } as const;

/** Parses the text of a receipt. Undefined: it is no JSON, or beyond a limit. Never throws. */
export function parseReceipt(text: string): unknown {
  if (text.length > limits.chars || isNestedDeeper(text, limits.depth)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Checks a receipt: signature, inclusion of each event, complete streams, and the content of the policies.
 * @param receipt what `parseReceipt` returned. Any other value is answered as not valid; nothing is thrown.
 * @param keys the public keys that you trust, `name+id+base64`.
 */
export function verifyReceipt(receipt: unknown, keys: readonly string[]): Promise<VerifiedReceipt> {
  return verified(receipt, keys).catch((error) => ({ valid: false, problems: [`it cannot be checked: ${shown(String(error))}`] }));
}

async function verified(receipt: unknown, keys: readonly string[]): Promise<VerifiedReceipt> {
  const refused = (...problems: readonly string[]): VerifiedReceipt => ({ valid: false, problems: problems.slice(0, limits.problems) });
  if (!isReceipt(receipt)) return refused('it is no receipt of this format, or beyond its limits');
  const note = await openNote(receipt.checkpoint, keys);
  if ('problem' in note) return refused(`the checkpoint: ${note.problem}`);
  const [origin = '', sizeText = '', root = ''] = note.text.split('\n');
  const size = Number(sizeText);
  if (!/^[1-9]\d{0,14}$/.test(sizeText) || bytesOf(root).length !== 32) return refused('the signed note is no checkpoint');
  for (const event of receipt.events) {
    // The first one is answer enough: whoever made the receipt decides how many more there are.
    if (!(await isIncluded(event, size, root))) return refused(`${placeOf(event)} is not in the log that was signed`);
  }
  const problems = [...streamProblems(receipt), ...(await policyProblems(receipt))];
  if (problems.length > 0) return refused(...problems);
  return { valid: true, orderId: receipt.orderId, origin, size, signedBy: note.signedBy };
}

/** Opens a signed note: text, blank line, signature lines `— name base64(key id, 4 bytes ‖ signature)`. */
async function openNote(
  note: string,
  keys: readonly string[],
): Promise<{ text: string; signedBy: readonly string[] } | { problem: string }> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the format forbids them
  if (note.length > limits.noteChars || /[\x00-\x09\x0b-\x1f]/.test(note)) return { problem: 'it is no signed note' };
  const split = note.lastIndexOf('\n\n');
  if (split === -1) return { problem: 'it has no signatures' };
  const text = note.slice(0, split + 1);
  const signedBy: string[] = [];
  const lines = note.slice(split + 2).split('\n');
  if (lines.length > limits.signatures + 1) return { problem: `it has more than ${limits.signatures} signatures` };
  for (const line of lines) {
    const [dash, name, encoded] = line.split(' ');
    if (dash !== '—' || name === undefined || encoded === undefined) continue;
    const signature = bytesOf(encoded);
    for (const key of keys) {
      const [, keyName = '', id = '', material = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(key.trim()) ?? [];
      if (keyName !== name || hexOf(signature.subarray(0, 4)) !== id) continue;
      if (!(await isSigned(text, signature.subarray(4), bytesOf(material)))) return { problem: `the signature of ${shown(name)} is false` };
      signedBy.push(name);
    }
  }
  return signedBy.length > 0 ? { text, signedBy } : { problem: 'it is not signed with a key that you gave' };
}

/** Checks one signature. @param material 0x01, which means Ed25519, then the 32 bytes of the key. */
async function isSigned(text: string, signature: Bytes, material: Bytes): Promise<boolean> {
  if (material.length !== 33 || material[0] !== 1) return false;
  const key = await crypto.subtle.importKey('raw', material.subarray(1), { name: 'Ed25519' }, false, ['verify']);
  return crypto.subtle.verify({ name: 'Ed25519' }, key, signature, utf8(text));
}

/** Checks an inclusion proof (RFC 9162, 2.1.3.2). The leaf is SHA-256 of 0x00 and the fields, one per line. */
async function isIncluded({ index, proof, ...event }: ReceiptEvent, size: number, root: string): Promise<boolean> {
  const fields = [event.stream, event.revision, event.id, event.type, event.metadata, event.data].map(String);
  if (!(index >= 0 && index < size) || fields.slice(0, 5).some((field) => field.includes('\n'))) return false;
  let hash = await sha256(new Uint8Array([0]), utf8(fields.join('\n')));
  let [at, last] = [index, size - 1];
  for (const each of proof) {
    if (last === 0) return false;
    const sibling = bytesOf(each);
    if (sibling.length !== 32) return false;
    if (at % 2 === 1 || at === last) {
      hash = await sha256(new Uint8Array([1]), sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else {
      hash = await sha256(new Uint8Array([1]), hash, sibling);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && hexOf(hash) === hexOf(bytesOf(root));
}

/** Checks that each stream is complete from its beginning, in the order of the log, and that the order's own is there. */
function streamProblems({ orderId, events }: Receipt): readonly string[] {
  const problems: string[] = [];
  const last = new Map<string, ReceiptEvent>();
  let index = -1;
  for (const event of [...events].sort((a, b) => a.index - b.index)) {
    if (event.index === index) problems.push(`${placeOf(event)} stands in it twice`);
    index = event.index;
    if (event.stream === 'policy') continue;
    const before = last.get(event.stream);
    if (event.revision !== (before?.revision ?? -1) + 1)
      problems.push(`${placeOf(event)} follows revision ${before?.revision ?? '(none)'}`);
    last.set(event.stream, event);
  }
  if (!last.has(`order-${orderId}`)) problems.push(`the stream of order ${shown(orderId)} is not in it`);
  return problems;
}

/** Checks that every policy that an event names is there, and that its name is the hash of its content. */
async function policyProblems({ events }: Receipt): Promise<readonly string[]> {
  const problems: string[] = [];
  const policies = new Set<string>();
  for (const event of events) {
    if (event.stream !== 'policy') continue;
    const { hash, policy } = JSON.parse(event.data) as { hash?: unknown; policy?: unknown };
    const content = hexOf(await sha256(utf8(JSON.stringify(policy) ?? '')));
    if (hash === content) policies.add(content);
    else problems.push(`${placeOf(event)} is not the policy that its name says`);
  }
  for (const event of events) {
    const { policy } = JSON.parse(event.metadata) as { policy?: unknown };
    if (policy === undefined || (typeof policy === 'string' && policies.has(policy))) continue;
    problems.push(`${placeOf(event)} names policy ${shown(JSON.stringify(policy))}, which is not in the receipt`);
  }
  return problems;
}

function isReceipt(value: unknown): value is Receipt {
  const { format, orderId, checkpoint, events } = (value ?? {}) as Partial<Receipt>;
  if (format !== 'paidonce-receipt/1' || typeof orderId !== 'string' || typeof checkpoint !== 'string' || !Array.isArray(events))
    return false;
  if (events.length > maxReceiptEvents) return false;
  return events.every((event: ReceiptEvent | null) => {
    const { index = -1, revision = -1, stream, id, type, metadata, data, proof } = event ?? ({} as Partial<ReceiptEvent>);
    const numbers = [index, revision].every((each) => Number.isSafeInteger(each) && each >= 0);
    return (
      numbers &&
      Array.isArray(proof) &&
      proof.length < 64 && // A tree of all events that can be counted is 53 levels high.
      [stream, id, type, ...proof].every((each) => typeof each === 'string' && each.length <= 1_000) &&
      isJson(metadata) &&
      isJson(data)
    );
  });
}

function isJson(text: unknown): boolean {
  if (typeof text !== 'string' || text.length > limits.eventChars || isNestedDeeper(text, limits.depth)) return false;
  try {
    return /^\s*[[{]/.test(text) && JSON.parse(text) !== null;
  } catch {
    return false;
  }
}

/** True if the JSON has more lists and objects open at once than `depth`. */
function isNestedDeeper(json: string, depth: number): boolean {
  let [open, isText] = [0, false];
  for (let at = 0; at < json.length && open <= depth; at++) {
    const character = json[at];
    if (isText && character === '\\') at += 1;
    else if (character === '"') isText = !isText;
    else if (!isText && (character === '[' || character === '{')) open += 1;
    else if (!isText && (character === ']' || character === '}')) open -= 1;
  }
  return open > depth;
}

function placeOf({ stream, revision, type }: ReceiptEvent): string {
  return shown(`${stream}@${revision} (${type})`);
}

/** The first 300 characters; all that is no printable ASCII as `\\uXXXX`: a receipt must not write lines of its own into an answer. */
function shown(text: string): string {
  return text.slice(0, 300).replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

async function sha256(...parts: readonly Bytes[]): Promise<Bytes> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
}

const utf8 = (text: string): Bytes => new Uint8Array(new TextEncoder().encode(text));

/** Decodes base64. Empty: the text is no base64. */
function bytesOf(base64: string): Bytes {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

function hexOf(bytes: Bytes): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
