/** Defects of groups: what the directory's events mean, and the messages that tell of them (rules 4, 8, 9 and 20). */
import type { Mutant } from './mutant.ts';

export const directoryMutants: readonly Mutant[] = [
  {
    name: 'the removed still sees what comes after',
    rule: 9,
    file: 'streams/conversation/decide-directory.ts',
    find: 'const leftSeq = state.lastSeq + (rules.directoryTakesSeq ? 2 : 1);',
    replace: 'const leftSeq = state.lastSeq + 3;',
  },
  {
    name: 'the removed never learns of it',
    rule: 9,
    file: 'streams/conversation/decide-directory.ts',
    find: 'const leftSeq = state.lastSeq + (rules.directoryTakesSeq ? 2 : 1);',
    replace: 'const leftSeq = state.lastSeq + 1;',
  },
  {
    name: 'whoever may not send may',
    rule: 4,
    file: 'streams/conversation/decide-message.ts',
    find: "if (state.whoMaySend === 'admins' &&",
    replace: "if (state.whoMaySend === ('nobody' as string) &&",
  },
  {
    name: 'whoever became an admin may not send',
    rule: 4,
    file: 'streams/conversation/decide-directory.ts',
    find: 'if (member === undefined || member.role === role) return [];',
    replace: 'if (member !== undefined || member === undefined) return [];',
  },
  {
    name: 'a system message counts as unread',
    rule: 20,
    file: 'streams/conversation/decide-directory.ts',
    find: 'ordinal: state.lastOrdinal,',
    replace: 'ordinal: state.lastOrdinal + 1,',
  },
  {
    name: "a system row's id depends on the machine",
    rule: 20,
    file: 'streams/conversation/system-message.ts',
    find: 'makeMessageId(atMs, { next: () => 0, bytes });',
    replace: 'makeMessageId(atMs - (Math.floor(performance.now()) % 7), { next: () => 0, bytes });',
  },
  {
    name: 'an event that changes nothing takes a seq',
    rule: 20,
    file: 'streams/conversation/system-change.ts',
    find: "tell('who_may_send', event.who_may_send === state.whoMaySend ? null : event.who_may_send);",
    replace: "tell('who_may_send', event.who_may_send);",
  },
  {
    name: 'an event of the old rules takes a seq',
    rule: 7,
    file: 'streams/conversation/rules.ts',
    find: 'directoryTakesSeq: false,',
    replace: 'directoryTakesSeq: true,',
  },
  {
    name: 'a system message is not in the conversation list',
    rule: 9,
    file: 'streams/processors/conversation-inbox.ts',
    find: 'if (system !== null) this.#pending = state;',
    replace: '',
  },
  {
    name: 'a joiner has unread what was written before',
    rule: 9,
    file: 'streams/processors/conversation-inbox.ts',
    find: "if (change === 'joined') row.ownOrdinal = state.lastOrdinal;",
    replace: '',
  },
  {
    name: 'a bucket that a system message opens is not listed',
    rule: 12,
    file: 'streams/processors/conversation-rows.ts',
    find: 'const opensBucket = system?.opensBucket === true;',
    replace: 'const opensBucket = false;',
  },
  {
    name: 'the members are not told live what happened to their group',
    rule: 20,
    file: 'streams/processors/conversation-frames.ts',
    find: 'userIds: leavers.length === 0 ? members : [...members, ...leavers],',
    replace: 'userIds: leavers,',
  },
];
