// One POST to a shop's endpoint. No redirects, no connection kept: what the shop closes, closes.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Resolves with the status; rejects where there was none. */
export type SendWebhook = (request: WebhookRequest, signal: AbortSignal) => Promise<number>;

export const sendOverHttp: SendWebhook = ({ url, headers, body }, signal) => {
  const start = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = start(
      url,
      { method: 'POST', agent: false, signal, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => {
        const { statusCode } = response;
        // Only the status counts; the rest is read so that the connection ends well.
        response.resume();
        response.once('error', reject);
        response.once('end', () => resolve(statusCode ?? 0));
      },
    );
    request.once('error', reject);
    request.end(body);
  });
};
