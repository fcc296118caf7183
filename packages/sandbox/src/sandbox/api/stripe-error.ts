// Errors in Stripe's shape: thrown anywhere within a request, answered as `{ error: … }`.

import { defined } from '../../defined.ts';
/** As in `error.type`. */
export type StripeErrorType = 'invalid_request_error' | 'card_error' | 'api_error' | 'idempotency_error';

/** More fields of `error`; an absent one is not in the answer. */
export interface StripeErrorDetails {
  readonly code?: string;
  readonly param?: string;
  readonly declineCode?: string;
  /** Id of the failed charge. */
  readonly charge?: string;
  /** The payment intent that a failed confirmation leaves behind. */
  readonly paymentIntent?: object;
}

/** Stripe's answer if a request or a control is refused. `status` is the HTTP status; `message` is Stripe's. */
export class StripeApiError extends Error {
  override readonly name = 'StripeApiError';
  readonly status: number;
  readonly type: StripeErrorType;
  readonly details: StripeErrorDetails;

  constructor(status: number, type: StripeErrorType, message: string, details: StripeErrorDetails = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.details = details;
  }

  /** The body as it is sent. */
  body(requestId: string): object {
    const { code, param, declineCode, charge, paymentIntent } = this.details;
    return {
      error: {
        ...(code === undefined ? {} : { code, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` }),
        ...defined({ decline_code: declineCode, charge }),
        message: this.message,
        ...defined({ param, payment_intent: paymentIntent }),
        request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}?t=0`,
        type: this.type,
      },
    };
  }
}

export function invalidRequest(message: string, details: StripeErrorDetails = {}): StripeApiError {
  return new StripeApiError(400, 'invalid_request_error', message, details);
}

/** For an object that the request's own path names: 404. */
export function noSuchObject(kind: string, id: string, param = 'id'): StripeApiError {
  return new StripeApiError(404, 'invalid_request_error', `No such ${kind}: '${id}'`, { code: 'resource_missing', param });
}

/** For an object that a parameter names: 400. */
export function noSuchParameterObject(kind: string, id: string, param: string): StripeApiError {
  return invalidRequest(`No such ${kind}: '${id}'`, { code: 'resource_missing', param });
}

export function missingParameter(param: string): StripeApiError {
  return invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
}
