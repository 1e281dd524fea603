import { stateSchemas } from '@parley/schemas/generated/state';
import avro from 'avsc';
import { describe, expect, it } from 'vitest';
import { decodeSnapshot, encodeSnapshot, stateVersion } from './snapshot.ts';
import { added, alice, bob, carol, created, direct, given, group, mallory, sent, startMs } from './story.fixture.ts';

const type = avro.Type.forSchema(stateSchemas.conversation_snapshot as unknown as avro.Schema);

describe('snapshot', () => {
  it('is what avsc reads and writes, refusals and large numbers included', () => {
    const story = given(direct);
    for (let i = 0; i < 300; i++) story.when(sent({ at: startMs + i }));
    story.when(sent({ sender_id: mallory, at: startMs + 300 }));
    const bytes = encodeSnapshot({ ...story.state, lastSeq: 2 ** 45 });
    const snapshot = type.fromBuffer(bytes);
    expect(type.toBuffer(snapshot).equals(bytes)).toBe(true);
    expect(snapshot).toMatchObject({ state_version: stateVersion, last_seq: 2 ** 45, last_ordinal: 300 });
    expect(snapshot.recent.at(-1)).toMatchObject({ refused: 'not_a_member', seq: 0 });
  });

  it('comes back as the same state and the same bytes', () => {
    const { state } = given(group, created(1, mallory, carol, bob), added(2, alice), sent({ conversation_id: group }));
    const bytes = encodeSnapshot(state);
    const back = decodeSnapshot(bytes)!;
    expect(encodeSnapshot(back).equals(bytes)).toBe(true);
    expect({ ...back, recent: [...back.recent] }).toEqual({ ...state, recent: [...state.recent] });
  });

  it('does not depend on the order in which members came', () => {
    const ab = given(group, created(1, alice, bob, carol));
    const ba = given(group, created(1, alice, carol, bob));
    expect(encodeSnapshot(ab.state).equals(encodeSnapshot(ba.state))).toBe(true);
  });

  it('of another version is not read', () => {
    const bytes = encodeSnapshot(given(direct, sent()).state);
    bytes[0] = (stateVersion + 1) * 2;
    expect(decodeSnapshot(bytes)).toBeNull();
    expect(decodeSnapshot(Buffer.alloc(0))).toBeNull();
  });

  it('that was damaged is an error, not a state', () => {
    const bytes = encodeSnapshot(given(direct, sent()).state);
    expect(() => decodeSnapshot(bytes.subarray(0, bytes.length - 3))).toThrow();
  });
});
