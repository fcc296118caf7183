// The handlers on AWS Lambda, behind API Gateway (HTTP API) or a function URL.
import { requestFunctions, type Shop } from './functions.ts';

// #region lambda
/** An event of payload version 2.0: the fields that are read here. */
export interface HttpEvent {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: { readonly domainName: string; readonly http: { readonly method: string } };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type LambdaFunction = (event: HttpEvent) => Promise<HttpResult>;

/** Lambda freezes the process once the answer is out, so what is left to do is awaited before it. */
export function lambdaFunctions(shop: Shop): { readonly webhook: LambdaFunction; readonly status: LambdaFunction } {
  const toLambda =
    (name: 'webhook' | 'status'): LambdaFunction =>
    async (event) => {
      const work: Promise<unknown>[] = [];
      const response = await requestFunctions(shop, (later) => work.push(later()))[name](requestOf(event));
      await Promise.all(work);
      return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    };
  return { webhook: toLambda('webhook'), status: toLambda('status') };
}

function requestOf({ rawPath, rawQueryString, headers, requestContext, body, isBase64Encoded }: HttpEvent): Request {
  const { domainName, http } = requestContext;
  // The bytes as they came: Stripe's signature is over them.
  const bytes = http.method === 'POST' && body !== undefined ? Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') : null;
  return new Request(`https://${domainName}${rawPath}?${rawQueryString}`, { method: http.method, headers, body: bytes });
}
// #endregion lambda
