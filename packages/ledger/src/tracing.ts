// Spans of OpenTelemetry around what the ledger and its adapters do. The package `@opentelemetry/api` is the host's: where it is not
// installed, or no SDK is registered, nothing is traced. Attributes are ids, counts and words of ours; never a message of an
// error, which may hold the names of people.
import { createRequire } from 'node:module';
import { defined } from './defined.ts';
import { deliveryErrorOf } from './delivery/delivery-error.ts';
import { LedgerError } from './errors.ts';

/** A span's attributes, by their names. Undefined ones are left out. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;
/** Adds attributes to the span while it lasts; with `error.type` it has failed. */
export type Note = (attributes: SpanAttributes) => void;

export type SpanName =
  | 'paidonce.webhook'
  | 'paidonce.status_query'
  | 'paidonce.poll_pass'
  | 'paidonce.observe_payment'
  | 'paidonce.observe_subscription'
  | 'paidonce.deliver';

/** What is used of `@opentelemetry/api`, so that our declarations need no other package. */
interface Span {
  setAttributes(attributes: Record<string, string | number | boolean>): unknown;
  setStatus(status: { code: number }): unknown;
  spanContext(): object;
  end(): void;
}
interface TracingApi {
  readonly trace: {
    getTracer(name: string): { startSpan(name: string, options: object): Span };
    getActiveSpan(): Span | undefined;
    setSpan(context: object, span: Span): object;
    isSpanContextValid(context: object): boolean;
  };
  readonly context: { active(): object; with<T>(context: object, work: () => T): T };
}

/** `SpanStatusCode.ERROR`. */
const failed = 2;

let api: TracingApi | undefined; // Written once, by `tracingApi`.
let isLookedFor = false;

/** Required, not imported: the calls that are traced cannot wait for a module. All its copies share one registration. */
function tracingApi(): TracingApi | undefined {
  if (isLookedFor) return api;
  isLookedFor = true;
  try {
    api = createRequire(import.meta.url)('@opentelemetry/api') as TracingApi;
  } catch {
    api = undefined; // Not installed.
  }
  return api;
}

/**
 * Does the work in a span, so that what it calls has spans below this one. What it throws is thrown on; the span gets its name
 * as `error.type`.
 *
 * @param isOnItsOwn for background work, which outlives whatever set it off: a trace of its own, which links to that if it is known.
 */
export function traced<T>(
  name: SpanName,
  attributes: SpanAttributes,
  work: (note: Note) => Promise<T>,
  { isOnItsOwn = false }: { readonly isOnItsOwn?: boolean } = {},
): Promise<T> {
  const otel = tracingApi();
  return otel === undefined ? work(() => undefined) : inSpan(otel, name, attributes, work, isOnItsOwn);
}

async function inSpan<T>(
  { trace, context }: TracingApi,
  name: SpanName,
  attributes: SpanAttributes,
  work: (note: Note) => Promise<T>,
  isOnItsOwn: boolean,
): Promise<T> {
  const cause = isOnItsOwn ? trace.getActiveSpan() : undefined;
  const span = trace.getTracer('@paidonce/ledger').startSpan(name, {
    attributes: withoutUndefined(attributes),
    root: isOnItsOwn,
    links: cause ? [{ context: cause.spanContext() }] : [],
  });
  if (!trace.isSpanContextValid(span.spanContext())) return work(() => undefined); // No SDK is registered.
  const note: Note = (more) => {
    span.setAttributes(withoutUndefined(more));
    if (more['error.type'] !== undefined) span.setStatus({ code: failed });
  };
  try {
    return await context.with(trace.setSpan(context.active(), span), () => work(note));
  } catch (error) {
    note({ 'error.type': errorType(error) });
    throw error;
  } finally {
    span.end();
  }
}

function withoutUndefined(attributes: SpanAttributes): Record<string, string | number | boolean> {
  return defined(attributes) as Record<string, string | number | boolean>;
}

function errorType(error: unknown): string {
  return error instanceof LedgerError ? error.code : (deliveryErrorOf(error)?.name ?? '_OTHER');
}
