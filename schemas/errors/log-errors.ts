/** The errors of the log and the processors. */
import { type ErrorEntry, entry } from './entry.ts';

export const log = {
  record_too_large: entry(413, null, false, "The record is larger than the log's limit.", 'Send less.'),
  queue_full: entry(503, null, true, "The log's queue is full.", 'Wait and append again.'),
  log_unavailable: entry(503, null, true, 'The log does not acknowledge.', 'Wait and append again.'),
  topic_mismatch: entry(
    409,
    null,
    false,
    'A topic exists with another shape than the configured one.',
    'Configure what exists: a partition count is fixed at birth.',
  ),
  timestamp_ahead: entry(
    503,
    null,
    true,
    "The record's timestamp is too far ahead of the log's clock.",
    'Mend the clock of the appender.',
  ),
  poison_format: entry(422, null, false, 'The record is not in the Confluent wire format.', 'Look at the dead letter.'),
  poison_schema: entry(
    422,
    null,
    false,
    'The record names a schema that was never committed for its topic.',
    'Look at the dead letter.',
  ),
  poison_payload: entry(
    422,
    null,
    false,
    'The record does not decode with the schema that it names.',
    'Look at the dead letter.',
  ),
  poison_key: entry(
    422,
    null,
    false,
    'The key of the record is not the conversation that its event names.',
    'Look at the dead letter.',
  ),
  schema_unknown: entry(
    503,
    null,
    true,
    'The record names a registered schema that this version does not know.',
    'Deploy the version that knows it; the partition waits.',
  ),
  schema_not_registered: entry(
    503,
    null,
    false,
    'The registry lacks a schema that this version writes.',
    'Run npm run schemas -- register --url URL, then start again.',
  ),
  schema_incompatible: entry(
    409,
    null,
    false,
    'The registry refuses the schema as incompatible with what its subject had before.',
    'Run npm run schemas -- check and keep to its compatibility.',
  ),
  directory_gap: entry(
    503,
    null,
    true,
    'A directory event skipped a version; the partition waits.',
    'Look at the relay.',
  ),
} as const satisfies Record<string, ErrorEntry>;
