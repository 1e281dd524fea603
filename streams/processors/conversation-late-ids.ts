/**
 * What an id outside its window once got: the fold remembers ids for 120 s only, the message store for ever (design rule 3).
 *
 * The look-up chooses between two refusals and never touches the state. So that it gives the same answer whenever the batch
 * is processed, it counts what was accepted earlier in the same slice, which no store has yet, and ignores a row that the
 * conversation accepted only after this event.
 */
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import type { MessageSent } from '@parley/schemas/generated/events';
import { withheldPartition } from '@parley/schemas/identity/withheld-partition';
import type { Refused } from '../conversation/outcome.ts';
import type { Decided } from './conversation-decide.ts';
import { inParallel } from './in-parallel.ts';
import type { MessageLookup } from './ports.ts';

const maxLookupsInFlight = 32;

/** What the sender is told. */
export type Verdict =
  | { readonly seq: number; readonly ordinal: number; readonly atMs: number }
  | { readonly refused: ErrorCode };

interface Known {
  readonly seq: number;
  readonly ordinal: number;
  readonly atMs: number;
  readonly payloadHash: Buffer;
}

type Late = Decided & { readonly outcome: Refused };

function isLate(one: Decided): one is Late {
  return one.outcome.kind === 'refused' && one.outcome.code === 'out_of_window';
}

const keyOf = ({ conversationId }: Decided, messageId: string): string => `${conversationId}/${messageId}`;

/** What was withheld is known to its sender alone. */
const withheldKeyOf = (one: Decided, { message_id, sender_id }: MessageSent): string =>
  `${keyOf(one, message_id)}/${sender_id}`;

function verdictOf(known: Known | null, { payloadHash }: Refused): Verdict {
  if (known === null) return { refused: 'out_of_window' };
  if (!known.payloadHash.equals(payloadHash)) return { refused: 'conflict' };
  return { seq: known.seq, ordinal: known.ordinal, atMs: known.atMs };
}

/** Late events and what was accepted under their ids earlier in the slice. */
function knownInSlice(decided: readonly Decided[]): Map<Late, Known | null> {
  const accepted = new Map<string, Known>();
  const found = new Map<Late, Known | null>();
  for (const one of decided) {
    const { outcome } = one;
    if (outcome.kind === 'accepted') accepted.set(keyOf(one, outcome.sent.message_id), outcome);
    else if (outcome.kind === 'directory_changed' && outcome.system !== null)
      accepted.set(keyOf(one, outcome.system.messageId), { ...outcome.system, atMs: outcome.atMs });
    else if (outcome.kind === 'withheld') accepted.set(withheldKeyOf(one, outcome.sent), outcome);
    else if (isLate(one)) {
      const { sent } = one.outcome;
      const known = accepted.get(keyOf(one, sent.message_id)) ?? accepted.get(withheldKeyOf(one, sent));
      found.set(one, known ?? null);
    }
  }
  return found;
}

/** Verdicts of the events that are out of their window; of all others the outcome says everything. */
export async function verdictsOfLate(
  decided: readonly Decided[],
  lookup: MessageLookup,
): Promise<ReadonlyMap<Decided, Verdict>> {
  const verdicts = new Map<Decided, Verdict>();
  if (!decided.some(isLate)) return verdicts;
  const found = knownInSlice(decided);
  await inParallel([...found], maxLookupsInFlight, async ([late, inSlice]) => {
    const known = inSlice ?? (await lookUp(late, lookup));
    verdicts.set(late, verdictOf(known, late.outcome));
  });
  return verdicts;
}

async function lookUp({ conversationId, outcome, state }: Late, lookup: MessageLookup): Promise<Known | null> {
  const row = await lookup.find(conversationId, outcome.sent.message_id);
  if (row !== null && row.seq <= state.lastSeq) return row;
  const { sender_id, message_id } = outcome.sent;
  if (!state.withheld.has(sender_id)) return null;
  const kept = await lookup.find(withheldPartition(conversationId, sender_id), message_id);
  return kept !== null && kept.writeTimestampUs < outcome.writeTimestampUs ? kept : null;
}
