// What a client's error means for the call that met it: an answer, a refusal, or doubt. Both clients name their errors
// by `type`; what comes from below them has a gRPC `code`, or nothing but a message.
import { LedgerError } from '../../errors.ts';

/** What both clients put on their errors, where they know it. */
interface ClientFailure {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  /** Of a conflict, by `@eventstore/db-client`. */
  readonly actualVersion?: unknown;
  /** The same, by `@kurrent/kurrentdb-client`. */
  readonly actualState?: unknown;
}

export type FailureMeaning =
  | { readonly kind: 'conflict'; readonly actualRevision: number }
  /** No such stream, or one that was deleted softly. */
  | { readonly kind: 'no_stream' }
  /** Asking again gives the same answer. */
  | { readonly kind: 'refused'; readonly error: LedgerError }
  /** Not reached, not answered, or not by the leader. An append may be stored, or may be still. */
  | { readonly kind: 'in_doubt'; readonly advice: string };

const invalidArgument = 3;
const permissionDenied = 7;
const unimplemented = 12;
const unauthenticated = 16;

/** @param what the call and its stream, for the message: `order-1: the append`. */
export function meaningOf(error: unknown, what: string): FailureMeaning {
  const { type, code, message, actualVersion, actualState } = (error ?? {}) as ClientFailure;
  switch (type) {
    case 'wrong-expected-version':
      return { kind: 'conflict', actualRevision: revisionOf(actualVersion ?? actualState) };
    case 'stream-not-found':
      return { kind: 'no_stream' };
    case 'stream-deleted':
      return refused('corrupt', `${what}: the stream was deleted on the server. A ledger deletes nothing: restore the server's backup`, error);
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
  const advice = adviceOn(String(type ?? ''), String(message ?? ''));
  return { kind: 'in_doubt', advice };
}

/** Of one attempt that has had its time. */
export const unanswered: FailureMeaning = {
  kind: 'in_doubt',
  advice: 'The server does not answer. Is it stopped, overloaded, or behind a firewall',
};

export const oldestServer = '23.10';
const tooOld = `the server does not know this call. Run EventStoreDB ${oldestServer} or newer, or KurrentDB`;
const accessDenied =
  'the server refused these credentials. Check user and password (in the URL: esdb://USER:PASSWORD@HOST), and that the user may write, and read $all';

// What the layers below report, and what to do about it; the first that fits.
// biome-ignore format: a table
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/certificate|CERT_|self.signed|altname/i, "The server's certificate is not trusted. Name its CA in the URL: ?tlsCAFile=ca.crt, and the host as the certificate names it"],
  [/wrong version number|packet length|SSL routines|Protocol error|EPROTO|ECONNRESET/i, 'One side speaks TLS and the other does not, or it is no EventStoreDB. For a server that runs insecurely, the URL ends in ?tls=false'],
  [/Name resolution|ENOTFOUND|EAI_AGAIN/i, 'The host is not known. Check the host in the URL'],
  [/discover/i, 'None of the nodes answers. Check hosts and ports in the URL; esdb://h1,h2,h3 names several, esdb+discover:// asks the first host alone'],
  [/ECONNREFUSED|EHOSTUNREACH|ETIMEDOUT|No connection established/i, 'Nobody listens there. Check host and port in the URL, and that the server runs'],
  [/phase timeout/i, 'Its nodes have no quorum. Bring a majority of them up'],
  [/Not Ready|not.leader|leader/i, 'The cluster has no leader that answers. Bring a majority of its nodes up'],
];

function adviceOn(type: string, message: string): string {
  const found = ADVICE.find(([pattern]) => pattern.test(message) || pattern.test(type));
  return found?.[1] ?? `The server does not serve it${message ? `: ${firstLine(message)}` : ''}. Look at its log`;
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
