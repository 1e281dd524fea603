/** Structured logs: one JSON object a line, with what must never be in a log removed by name. */
import { type DestinationStream, type Logger, pino } from 'pino';

const privateKeys = [
  'phone_number',
  'phoneNumber',
  'code',
  'token',
  'accessToken',
  'access_token',
  'refreshToken',
  'refresh_token',
  'pushToken',
  'push_token',
  'keyBundle',
  'key_bundle',
  'encrypted_body',
  'encryptedBody',
  'preview',
  'message_preview',
  'authorization',
];

/** `code` alone would also hide error codes: those are logged as `errorCode`. */
const paths = privateKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.*.*.${key}`]);

export function createLogger(name: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    name,
    level,
    base: { name },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    redact: { paths, censor: '[private]' },
    serializers: { err: serializeError },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Message, code and stack; no request objects and no other members, which may hold private data. */
function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const cause = error.cause === undefined ? {} : { cause: serializeError(error.cause) };
  return {
    type: error.name,
    message: error.message,
    errorCode: (error as { code?: unknown }).code,
    stack: error.stack,
    ...cause,
  };
}
