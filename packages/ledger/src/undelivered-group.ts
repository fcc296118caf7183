// What a console is told of failed deliveries as a whole, of orders and of subscriptions.

/** Failed deliveries of one error. `error`: name, and code behind `/` if there is one; `timeout`; `error`: a log of an earlier release says no more; `none`: no attempt failed yet; `other`: all beyond the 20 most frequent. */
export interface UndeliveredGroup {
  readonly error: string;
  readonly count: number;
  readonly firstAt: string;
  readonly nextTryAt?: string;
}
