/** Defects of sending and deciding: rules 1 to 5, and 7. */
import type { Mutant } from './mutant.ts';

export const sendingMutants: readonly Mutant[] = [
  {
    name: 'a retry goes under a new id',
    rule: 1,
    file: 'clients/sdk/outbox.ts',
    find: 'if (pending.transmitted) return false;',
    replace: '',
  },
  {
    name: 'what was on a wire once is never sent again',
    rule: 1,
    file: 'clients/sdk/outbox.ts',
    find: 'if (pending.verifying || pending.appended) {',
    replace: `if (pending.transmitted) continue;
      if (pending.verifying || pending.appended) {`,
  },
  {
    name: 'the window of known ids is halved: an id can come again for longer than it is known',
    rule: 1,
    file: 'streams/conversation/rules.ts',
    find: 'export const recentWindowMs = 120_000;',
    replace: 'export const recentWindowMs = 30_000;',
  },
  {
    name: 'a known id is not looked for',
    rule: 1,
    file: 'streams/conversation/decide-message.ts',
    find: 'if (first !== undefined) return decideAgain(first, sent, hash, moment);',
    replace: '',
  },
  {
    name: 'T falls with a slow clock',
    rule: 2,
    file: 'streams/conversation/decide.ts',
    find: 'Math.max(state.lastAtMs, Math.min(receivedAtMs, maxAtMs))',
    replace: 'Math.min(receivedAtMs, maxAtMs)',
  },
  {
    name: 'ids of any age are taken',
    rule: 3,
    file: 'streams/conversation/rules.ts',
    find: 'messageIdWindowMs: 30_000,',
    replace: 'messageIdWindowMs: 300_000,',
  },
  {
    name: 'the client does not correct its clock from the hello',
    rule: 3,
    file: 'clients/sdk/connection.ts',
    find: 'this.#options.serverClock.observe(hello.server_time_ms);',
    replace: '',
  },
  {
    name: 'a refusal by a cached membership',
    rule: 4,
    file: 'apps/gateway/lookups/membership.ts',
    find: 'if (intervals.length === 0) return false;',
    replace: `if (intervals.length === 0 || this.#existing.has(conversationId + userId)) {
      this.#existing.set(conversationId + userId, true);
      return false;
    }`,
  },
  {
    name: 'the fold believes whatever peer is named',
    rule: 5,
    file: 'streams/conversation/decide-message.ts',
    find: "if (sent.peer_id !== null && !isPeer(state, sent.sender_id, sent.peer_id)) return 'conversation_mismatch';",
    replace: '',
  },
  {
    name: 'a stranger may write',
    rule: 4,
    file: 'streams/conversation/decide-message.ts',
    find: "if (member === undefined) return 'not_a_member';",
    replace: 'if (member === undefined) return null;',
  },
  {
    name: 'poison is dropped in silence',
    rule: 7,
    file: 'streams/processors/conversation-decode.ts',
    find: 'await poison.bury(record, error);',
    replace: '',
  },
  {
    name: 'an event is skipped because a store is down',
    rule: 7,
    file: 'streams/processors/conversation.ts',
    find: 'if (!isEmpty(rows)) await projector.project(rows);',
    replace: 'if (!isEmpty(rows)) await projector.project(rows).catch(() => undefined);',
  },
];
