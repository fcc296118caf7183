// Turns an append into the text that every engine stores. Refuses data that would read back differently, so that stringify
// and parse change nothing in what is stored.
import { LedgerError } from '../errors.ts';
import type { EventMetadata, NewEvent, Position, StoredEvent, StreamAppend } from './event-store.ts';

/** The largest append, 1 MiB: EventStoreDB accepts no more. */
const maxAppendBytes = 1024 * 1024;
/** The most streams that one commit appends to. */
const maxTogether = 16;

/** An event to append, as the text that is stored. */
export interface StoredText {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

/** An append that was checked. `bytes`: the size of its text. */
export interface CheckedAppend {
  readonly stream: string;
  readonly expectedRevision: number;
  readonly events: readonly StoredText[];
  readonly bytes: number;
}

/** A stored event, as text. */
export interface StoredRow extends StoredText {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
}

/** The names of streams, types and ids: plain ASCII without a leading `$`, which EventStoreDB reserves. */
const NAME = /^[A-Za-z0-9][\x21-\x7e]{0,199}$/;
const INTEGER_LIKE = /^(?:0|[1-9]\d*)$/;
const MAX_DEPTH = 64;

/** Checks an append, and returns its text. @throws LedgerError `invalid_input`: names the event, the key and the fault. */
export function checkAppend(stream: string, expectedRevision: number, events: readonly NewEvent[]): CheckedAppend {
  if (typeof stream !== 'string' || !NAME.test(stream)) refuse(`Stream ${JSON.stringify(stream)}`, ` is no stream name: ${NAME.source}`);
  if (!Number.isSafeInteger(expectedRevision) || expectedRevision < -1) {
    refuse(stream, `: expectedRevision is ${expectedRevision}. Pass the revision that you have folded, −1 for a new stream`);
  }
  if (events.length === 0) refuse(stream, ': an append of no events. Skip the call');
  let bytes = 0;
  const texts = events.map((event, index) => {
    const text = toStoredText(event, stream, index);
    bytes += text.id.length + text.type.length + Buffer.byteLength(text.data) + Buffer.byteLength(text.metadata);
    return text;
  });
  if (bytes > maxAppendBytes) refuse(stream, `: an append of ${bytes} bytes, at most ${maxAppendBytes} fit. Append in several steps`);
  return { stream, expectedRevision, events: texts, bytes };
}

/** Checks appends that are made together. @throws LedgerError `invalid_input`: as `checkAppend`, and what is wrong with them together. */
export function checkAppends(appends: readonly StreamAppend[]): readonly CheckedAppend[] {
  const where = `An append to ${appends.length} streams`;
  if (appends.length === 0) refuse(where, '. Skip the call');
  if (appends.length > maxTogether) refuse(where, `: at most ${maxTogether} are made together. Make several calls`);
  const checked = appends.map(({ stream, expectedRevision, events }) => checkAppend(stream, expectedRevision, events));
  const streams = new Set(checked.map(({ stream }) => stream));
  if (streams.size < checked.length) refuse(where, ` names one of ${[...streams].join(', ')} twice. Put its events into one append`);
  const bytes = checked.reduce((sum, each) => sum + each.bytes, 0);
  if (bytes > maxAppendBytes) refuse(where, `: ${bytes} bytes, at most ${maxAppendBytes} fit. Append in several steps`);
  return checked;
}

/** Parses a stored row. @throws LedgerError `corrupt`: the text is no JSON. */
export function fromStoredRow({ stream, revision, position, id, type, ...text }: StoredRow): StoredEvent {
  try {
    const [data, metadata] = [JSON.parse(text.data) as object, JSON.parse(text.metadata) as EventMetadata];
    return { stream, revision, position, id, type, data, metadata };
  } catch (cause) {
    throw new LedgerError('corrupt', `${stream}@${revision} (${type}) is no JSON. Stop the writers, run: paidonce verify`, { cause });
  }
}

function toStoredText({ id, type, data, metadata }: NewEvent, stream: string, index: number): StoredText {
  const where = `${stream}, event ${index}`;
  if (typeof id !== 'string' || !NAME.test(id)) refuse(where, `: its id ${JSON.stringify(id)} is no UUID`);
  if (typeof type !== 'string' || !NAME.test(type)) refuse(where, `: its type ${JSON.stringify(type)} is no event type: ${NAME.source}`);
  if (typeof data !== 'object' || data === null) refuse(`${where} (${type})`, ': its data is no object');
  const flaw = flawOf(data, 0);
  if (flaw !== undefined) refuse(`${where} (${type}): data`, flaw);
  const metadataFlaw = flawOfMetadata(metadata);
  if (metadataFlaw !== undefined) refuse(`${where} (${type}): metadata`, metadataFlaw);
  return { id, type, data: JSON.stringify(data), metadata: JSON.stringify(metadata) };
}

/**
 * Returns what JSON would lose or change, with the path of the value. The path is put together only if there is a fault, so
 * that a good value costs nothing. Undefined: there is none.
 */
function flawOf(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : ` is ${value}, which JSON does not have`;
    case 'object':
      if (value === null) return undefined;
      if (depth === MAX_DEPTH) return ` is nested more than ${MAX_DEPTH} deep, or contains itself`;
      return Array.isArray(value) ? flawOfArray(value, depth) : flawOfObject(value, depth);
    default:
      return ` is ${typeof value}, which JSON does not have. Leave the key out, or store text`;
  }
}

function flawOfArray(value: readonly unknown[], depth: number): string | undefined {
  for (let index = 0; index < value.length; index++) {
    const flaw = flawOf(value[index], depth + 1);
    if (flaw !== undefined) return `[${index}]${flaw}`;
  }
  return undefined;
}

function flawOfObject(value: object, depth: number): string | undefined {
  if (!isPlain(value)) return ` is a ${value.constructor?.name ?? 'class instance'} and would read back as something else`;
  for (const key of Object.keys(value)) {
    if (isIntegerLike(key)) return integerLikeKey(key);
    const flaw = flawOf((value as Record<string, unknown>)[key], depth + 1);
    if (flaw !== undefined) return `.${key}${flaw}`;
  }
  return undefined;
}

function flawOfMetadata(metadata: unknown): string | undefined {
  if (typeof metadata !== 'object' || metadata === null || !isPlain(metadata)) return ' is no plain object';
  for (const key of Object.keys(metadata)) {
    if (isIntegerLike(key)) return integerLikeKey(key);
    if (typeof (metadata as Record<string, unknown>)[key] !== 'string')
      return `.${key} is no string: metadata is flat, its values are text`;
  }
  return undefined;
}

/** True if the object is plain. Checks the depth of its prototypes, so that objects of another realm are plain too. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isIntegerLike(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 0x30 && first <= 0x39 && INTEGER_LIKE.test(key);
}

function integerLikeKey(key: string): string {
  return ` has the key ${JSON.stringify(key)}: keys that look like integers do not keep their place. Use a list, or prefix it`;
}

function refuse(where: string, what: string): never {
  throw new LedgerError('invalid_input', `${where}${what}. Nothing was written.`);
}
