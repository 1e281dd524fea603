/** What is said of every error. */
export interface ErrorEntry {
  /** Status of an HTTP answer that carries this code. */
  readonly httpStatus: number;
  /** WebSocket close code, where the connection ends with it; null where the connection stays up. */
  readonly closeCode: number | null;
  /** One sentence for a person who reads a log. */
  readonly message: string;
  /** What the client, or the operator, should do. */
  readonly action: string;
  /** True if the same request may succeed later without a change. */
  readonly retryable: boolean;
}

export const entry = (
  httpStatus: number,
  closeCode: number | null,
  retryable: boolean,
  message: string,
  action: string,
): ErrorEntry => ({ httpStatus, closeCode, message, action, retryable });
