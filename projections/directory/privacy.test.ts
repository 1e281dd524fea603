import { describe, expect, it } from 'vitest';
import { type Audience, audiences, maySeePresence, type Side, stranger } from './privacy.ts';

const side = (lastSeen: Audience, relation = stranger): Side => ({
  settings: { lastSeen, readReceipts: true },
  relation,
});
const friend = { ...stranger, isContact: true };
const blocked = { ...friend, isBlocked: true };

describe('who may see the presence of whom', () => {
  it('is everyone by default', () => {
    expect(maySeePresence(side('everyone'), side('everyone'))).toBe(true);
  });

  it('is the contacts of the user who is looked at, not those of who looks', () => {
    expect(maySeePresence(side('everyone'), side('contacts', friend))).toBe(true);
    expect(maySeePresence(side('everyone', friend), side('contacts'))).toBe(false);
  });

  it('is nobody where either hides it from the other, both ways', () => {
    for (const other of audiences) {
      expect(maySeePresence(side('nobody', friend), side(other, friend)), `hides it and looks: ${other}`).toBe(false);
      expect(maySeePresence(side(other, friend), side('nobody', friend)), `is hidden: ${other}`).toBe(false);
    }
    expect(maySeePresence(side('contacts'), side('everyone')), 'shows it to contacts, looks at a stranger').toBe(false);
    expect(maySeePresence(side('contacts', friend), side('everyone'))).toBe(true);
  });

  it('is nobody beyond a block, whoever blocked', () => {
    expect(maySeePresence(side('everyone', blocked), side('everyone'))).toBe(false);
    expect(maySeePresence(side('everyone'), side('everyone', blocked))).toBe(false);
  });
});
