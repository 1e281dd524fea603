/**
 * Rate limits in fixed windows: a window opens with the first take of a key, and `limit` takes are allowed until it closes.
 *
 * Two ports, because two kinds of caller need them. A gateway asks for every frame and must not wait: `MessageRateLimiter` is
 * synchronous. The HTTP API asks a few times a request and wants one exact count for all its processes: `AttemptLimiter` waits.
 */
export interface Limit {
  readonly limit: number;
  readonly windowMs: number;
}

export interface MessageRateLimiter {
  /** Takes one: 0 if it is allowed, else the milliseconds until the next may be. */
  take(userId: string): number;
  close(): Promise<void>;
}

export interface AttemptLimiter {
  /**
   * Takes one, or as many as are given, all or none: 0 if it is allowed, else the milliseconds until the window ends.
   * @throws ParleyError `unavailable`
   */
  take(key: string, amount?: number): Promise<number>;
}
