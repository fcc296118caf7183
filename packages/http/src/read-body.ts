// The body of a `Request`, within a limit. Some hosts parse a body before we see the request: what they made of it is kept here.
import type { RequestBody } from './console-request.ts';

const parsedBodies = new WeakMap<Request, { readonly parsed: unknown }>();

/** A body parser came first, and kept no bytes. @param parsed what it made of the body. */
export function noteReadBody(request: Request, parsed: unknown): void {
  parsedBodies.set(request, { parsed });
}

/** What a parser of the host made of the body. Undefined: nobody has read it. */
export function parsedBody(request: Request): { readonly parsed: unknown } | undefined {
  return parsedBodies.get(request) ?? (request.bodyUsed ? { parsed: undefined } : undefined);
}

/**
 * The bytes; or the status of the refusal: 413 too long, 400 the client has gone in the middle of it, 408 too late.
 *
 * @param limits `bytes`; `timeoutMs`: from now to the end of the body.
 */
export async function readBody(
  request: Request,
  limits: { readonly bytes: number; readonly timeoutMs: number },
): Promise<Uint8Array | 400 | 408 | 413> {
  if (Number(request.headers.get('content-length')) > limits.bytes) return 413;
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => undefined);
  }, limits.timeoutMs);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) return 408;
      if (done) break;
      length += value.length;
      if (length > limits.bytes) {
        reader.cancel().catch(() => undefined);
        return 413;
      }
      chunks.push(value);
    }
  } catch {
    return isLate ? 408 : 400;
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

/** For `fieldsOf`. A status: refuse the request with it. */
export async function requestBody(
  request: Request,
  limits: { readonly bytes: number; readonly timeoutMs: number },
): Promise<RequestBody | 400 | 408 | 413> {
  const parsed = parsedBody(request);
  if (parsed) return { parsed: parsed.parsed ?? {} };
  const bytes = await readBody(request, limits);
  return typeof bytes === 'number' ? bytes : { bytes, type: request.headers.get('content-type') ?? undefined };
}
