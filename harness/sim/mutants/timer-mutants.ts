/** Defects of what disappears, as far as they show before it does: rule 23. */
import type { Mutant } from './mutant.ts';

export const timerMutants: readonly Mutant[] = [
  {
    name: 'a message for another timer is taken',
    rule: 23,
    file: 'streams/conversation/decide-message.ts',
    find: "return isContent(sent.message_type) && sent.timer_seconds !== timerSeconds ? 'timer_changed' : null;",
    replace: 'return null;',
  },
  {
    name: 'a state that is loaded has no timer',
    rule: 23,
    file: 'streams/conversation/snapshot.ts',
    find: 'timerSeconds: snapshot.timer_seconds,',
    replace: 'timerSeconds: 0,',
  },
  {
    name: 'what disappears lies in the log in clear as well',
    rule: 23,
    file: 'apps/gateway/frames/sealed-send.ts',
    find: 'return { ...empty, timer_seconds: send.timer_seconds, sealed_content };',
    replace: 'return { ...empty, encrypted_body, timer_seconds: send.timer_seconds, sealed_content };',
  },
  {
    name: 'what was sealed is stored sealed',
    rule: 23,
    file: 'streams/processors/conversation-open.ts',
    find: 'outcome: { ...accepted, sent: { ...accepted.sent, ...content } } };',
    replace: 'outcome: accepted };',
  },
];
