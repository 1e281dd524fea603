import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { TypingFrame, TypingKind } from '@parley/schemas/generated/wire';
import { describe, expect, it } from 'vitest';
import { Typing, type TypingEvent } from './typing.ts';

function make() {
  const time = new VirtualTime(1_000_000);
  const sent: TypingFrame[] = [];
  const events: TypingEvent[] = [];
  let isConnected = true;
  const port = {
    send: (frame: TypingFrame) => {
      if (isConnected) sent.push(frame);
      return isConnected;
    },
    changed: (event: TypingEvent) => void events.push(event),
  };
  const typing = new Typing(port, { clock: time, timers: time });
  const hears = (kind: TypingKind, for_ms = 6_000) =>
    typing.received({ conversation_id: 'c', user_id: 'bob', kind, for_ms });
  const kinds = () => events.map(({ kind }) => kind);
  const connect = (is: boolean) => {
    isConnected = is;
  };
  return { time, sent, typing, hears, kinds, connect };
}

describe('what the user does', () => {
  it('is said at the first keystroke, again while it goes on, and at its end once', async () => {
    const { time, sent, typing } = make();
    typing.say('c', 'stopped');
    for (let second = 0; second < 7; second++) {
      typing.say('c', 'writing');
      await time.advance(1_000);
    }
    expect(sent).toHaveLength(3);
    typing.say('c', 'recording');
    typing.say('c', 'stopped');
    typing.say('c', 'stopped');
    expect(sent.map(({ kind }) => kind)).toEqual(['writing', 'writing', 'writing', 'recording', 'stopped']);
  });

  it('is said anew after a message, and after a reconnect', () => {
    const { sent, typing, connect } = make();
    typing.say('c', 'writing');
    typing.sent('c');
    typing.say('c', 'writing');
    expect(sent).toHaveLength(2);
    connect(false);
    typing.disconnected();
    expect(typing.say('c', 'writing')).toBe(false);
    connect(true);
    expect(typing.say('c', 'writing')).toBe(true);
    expect(sent).toHaveLength(3);
  });
});

describe('what others do', () => {
  it('is told once, and ends when nothing more is heard', async () => {
    const { time, hears, kinds } = make();
    hears('writing');
    await time.advance(4_000);
    hears('writing');
    await time.advance(5_999);
    expect(kinds()).toEqual(['writing']);
    await time.advance(1);
    expect(kinds()).toEqual(['writing', 'stopped']);
  });

  it('ends when they say so, when their message comes, and with the connection', () => {
    const { typing, hears, kinds } = make();
    hears('writing');
    hears('recording');
    hears('stopped', 0);
    expect(kinds()).toEqual(['writing', 'recording', 'stopped']);
    hears('stopped', 0);
    typing.ended('c', 'bob');
    expect(kinds()).toHaveLength(3);
    hears('writing');
    typing.ended('c', 'bob');
    hears('writing');
    typing.disconnected();
    expect(kinds().slice(3)).toEqual(['writing', 'stopped', 'writing', 'stopped']);
  });
});
