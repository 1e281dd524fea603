/** Defects of what is shown and not stored: who types, who is here, and who may see it. */
import type { Mutant } from './mutant.ts';

export const ephemeraMutants: readonly Mutant[] = [
  {
    name: 'who hides their presence sees that of others',
    rule: 19,
    file: 'projections/directory/privacy.ts',
    find: 'return showsPresence(viewer) && showsPresence(watched);',
    replace: 'return showsPresence(watched);',
  },
  {
    name: 'a watch is answered to who may not see',
    rule: 19,
    file: 'apps/gateway/presence/presence-teller.ts',
    find: 'const shown = visible[index] === true ? presence : nothingOf(userId);',
    replace: 'const shown = presence;',
  },
  {
    name: 'a change of presence is told to who may not see',
    rule: 19,
    file: 'apps/gateway/presence/presence-teller.ts',
    find: 'const shown = visible === true ? presence : nothing;',
    replace: 'const shown = visible === undefined ? nothing : presence;',
  },
  {
    name: 'what is on a screen is not taken back',
    rule: 19,
    file: 'apps/gateway/presence-watch.ts',
    find: 'await this.#on.teller.refresh(slice);',
    replace: '',
  },
  {
    name: 'typing is shown to those who were removed',
    rule: 4,
    file: 'apps/gateway/frames/typing.ts',
    find: '(isCurrentMember(own) ? [userId] : [])',
    replace: '(isCurrentMember(own) || own.length > 0 ? [userId] : [])',
  },
  {
    name: 'who is no member any more is shown as typing',
    rule: 4,
    file: 'apps/gateway/frames/typing.ts',
    find: "if (!members.has(connection.userId)) throw new ParleyError('not_a_member');",
    replace: '',
  },
];
