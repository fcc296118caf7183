// Decides what a client's error means for the call: an answer, a refusal, or doubt. Both clients mark their errors with a
// `type`. Errors from the layers below have a gRPC `code`, or only a message.
import { LedgerError } from '../../errors.ts';
import { streamDeleted } from '../deleted-stream.ts';

/** The fields that the clients set on their errors. */
interface ClientFailure {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  /** The newest revision, on a conflict, from `@eventstore/db-client`. */
  readonly actualVersion?: unknown;
  /** The same from `@kurrent/kurrentdb-client`. */
  readonly actualState?: unknown;
}

export type FailureMeaning =
  | { readonly kind: 'conflict'; readonly actualRevision: number }
  /** The stream does not exist, or was deleted softly. */
  | { readonly kind: 'no_stream' }
  /** Another attempt would get the same answer. */
  | { readonly kind: 'refused'; readonly error: LedgerError }
  /** No answer, or none from the leader. An append may be stored, or may still be stored later. */
  | {
      readonly kind: 'in_doubt';
      /** What the operator should check, as a sentence without a full stop. */
      readonly advice: string;
      /** True if the settings are wrong: then another attempt does not help. */
      readonly permanent: boolean;
    };

const invalidArgument = 3;
const permissionDenied = 7;
const unimplemented = 12;
const unauthenticated = 16;

/** The error of an attempt that got no answer within its time limit. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** Decides what an error means. @param what the call's name in the message: `order-1: the append`. */
export function meaningOf(error: unknown, what: string): FailureMeaning {
  if (error instanceof Unanswered) return { kind: 'in_doubt', ...silence };
  const { type, code, message, actualVersion, actualState } = (error ?? {}) as ClientFailure;
  switch (type) {
    case 'wrong-expected-version':
      return { kind: 'conflict', actualRevision: revisionOf(actualVersion ?? actualState) };
    case 'stream-not-found':
      return { kind: 'no_stream' };
    case 'stream-deleted':
      return { kind: 'refused', error: streamDeleted(what, error) };
    case 'access-denied':
      return refused('store_unavailable', `${what}: ${accessDenied}`, error);
    case 'maximum-append-size-exceeded':
      return refused('invalid_input', `${what}: more than the server takes in one append. Nothing was written; append less`, error);
    case 'invalid-argument':
      return refused('invalid_input', `${what}: ${String(message)}`, error);
  }
  if (code === permissionDenied || code === unauthenticated) return refused('store_unavailable', `${what}: ${accessDenied}`, error);
  if (code === unimplemented) return refused('store_unavailable', `${what}: ${tooOld}`, error);
  if (code === invalidArgument) return refused('invalid_input', `${what}: ${String(message)}`, error);
  return { kind: 'in_doubt', ...adviceOn(`${String(type ?? '')} ${String(message ?? '')}`) };
}

/** True if the failure is only silence: then an earlier failure says more. */
export function isUninformative(meaning: FailureMeaning): boolean {
  return meaning.kind === 'in_doubt' && meaning.advice === silence.advice;
}

export const oldestServer = '23.10';
const tooOld = `the server does not know this call. Run EventStoreDB ${oldestServer} or newer, or KurrentDB`;
const accessDenied =
  'the server refused these credentials. Check user and password (in the URL: esdb://USER:PASSWORD@HOST), and that the user may write, read $all, and read the metadata of streams';

interface Advice {
  readonly advice: string;
  readonly permanent: boolean;
}

const silence = { permanent: false, advice: 'The server does not answer: it is stopped, overloaded, or behind a firewall' };
const tls = {
  permanent: true,
  advice:
    'One side speaks TLS and the other does not, or it is no EventStoreDB. For a server that runs insecurely the URL ends in ?tls=false',
};
const certificate = {
  permanent: true,
  advice: "The server's certificate is not trusted. Name its CA in the URL (?tlsCAFile=ca.crt), and the host as the certificate does",
};
const host = { permanent: false, advice: 'The host is not known. Check the host in the URL' };
const nodes = {
  permanent: false,
  advice:
    'None of the nodes can be used: none answers, or they have no quorum. Check hosts and ports in the URL, and that a majority of the ' +
    'nodes runs; esdb://h1,h2,h3 names several, esdb+discover:// asks the first alone',
};
const nobody = { permanent: false, advice: 'Nobody listens there. Check host and port in the URL, and that the server runs' };
const broken = {
  permanent: false,
  advice:
    'The connection breaks. Either the server was stopped, or it speaks TLS: then take ?tls=false off the URL, and name its CA (?tlsCAFile=ca.crt)',
};
const quorum = { permanent: false, advice: 'The nodes have no quorum. Bring a majority of them up' };
const leader = { permanent: false, advice: 'No node leads, or it is starting. Bring a majority of the nodes up' };

// What the layers below report, and the advice for it. The first row that matches is used.
// biome-ignore format: a table
const ADVICE: readonly (readonly [RegExp, Advice])[] = [
  [/deadline/i,                                                                  silence],
  [/certificate|CERT_|self.signed|altname/i,                                     certificate],
  [/wrong version number|packet length|SSL routines|EPROTO|Protocol error/i,     tls],
  [/Name resolution failed|ENOTFOUND|EAI_AGAIN/i,                                       host],
  [/Failed to discover/i,                                                        nodes],
  [/ECONNRESET|Last error: Failed to connect/i,                                  broken],
  [/ECONNREFUSED|EHOSTUNREACH|ETIMEDOUT|No connection established/i,             nobody],
  [/UnavailableError/,                                                           nobody], // One client reports only this name.
  [/phase timeout/i,                                                             quorum],
  [/not ready|leader/i,                                                          leader],
];

function adviceOn(failure: string): Advice {
  const found = ADVICE.find(([pattern]) => pattern.test(failure));
  return found?.[1] ?? { permanent: false, advice: `The server does not serve it (${firstLine(failure)}). Look at its log` };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]?.slice(0, 200) ?? '';
}

function revisionOf(actual: unknown): number {
  return typeof actual === 'bigint' || typeof actual === 'number' ? Number(actual) : -1; // 'no_stream'
}

function refused(code: 'corrupt' | 'store_unavailable' | 'invalid_input', message: string, cause: unknown): FailureMeaning {
  return { kind: 'refused', error: new LedgerError(code, message, { cause }) };
}
