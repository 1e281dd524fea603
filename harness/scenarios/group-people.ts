/** People in a group, as its scenarios see them: a device that records, the calls of the API, and a timeline in words. */
import assert from 'node:assert/strict';
import { systemRandom } from '@parley/schemas/environment/system';
import type { WireMessage } from '@parley/schemas/generated/wire';
import { GroupsApi } from '@parley/sdk/groups';
import { until } from '../services/until.ts';
import type { Person } from '../world/people.ts';
import type { RecordingClient } from '../world/recording-client.ts';
import type { World } from '../world/world.ts';

export interface GroupPerson extends Person {
  readonly groups: GroupsApi;
  readonly client: RecordingClient;
}

/** Somebody who is online. */
export async function groupPerson(world: World, name: string, gateway: number): Promise<GroupPerson> {
  const person = await world.person(name);
  const client = await world.client(person.first, { gateway }).online();
  return { ...person, client, groups: groupsOf(world, person) };
}

export const groupsOf = (world: World, { first }: Person): GroupsApi =>
  new GroupsApi(world.apiUrl, first.credentials, systemRandom);

/** What a message tells, with people by name: `Ann: text`, or `Ann added Bob`. */
function told(message: WireMessage, nameOf: ReadonlyMap<string, string>): string {
  const name = (userId: string): string => nameOf.get(userId) ?? userId;
  const { system } = message;
  if (system === null) return `${name(message.sender_id)}: ${message.encrypted_body.toString('utf8')}`;
  const people = [...system.user_ids].map(name).sort();
  return [name(system.actor_id), system.kind, ...people, ...(system.text === null ? [] : [`'${system.text}'`])].join(
    ' ',
  );
}

/** The group as a device has it; its seqs have no gap from the first that it may see. */
export function timeline(groupId: string, client: RecordingClient, people: readonly Person[]): string[] {
  const messages = client.messages(groupId);
  const nameOf = new Map(people.map(({ userId, name }) => [userId, name]));
  const first = messages[0]?.seq ?? 1;
  assert.deepEqual(
    messages.map(({ seq }) => seq),
    messages.map((_, index) => first + index),
  );
  return messages.map((message) => told(message, nameOf));
}

/** Waits until the device has the whole of what is expected, and sees that it is no more and in order. */
export async function sees(
  groupId: string,
  client: RecordingClient,
  people: readonly Person[],
  expected: readonly string[],
): Promise<void> {
  await until(() => client.messages(groupId).length >= expected.length, {
    what: `${expected.length} messages (there are: ${timeline(groupId, client, people).join(' | ')})`,
    timeoutMs: 20_000,
    everyMs: 5,
  });
  assert.deepEqual(timeline(groupId, client, people), expected);
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

/** Says something to the group, and what became of it: its code where it was refused. */
export async function say(groupId: string, { client }: GroupPerson, text: string): Promise<string> {
  const verdict = await client.sendAndWait({
    conversationId: groupId,
    encryptedBody: Buffer.from(text),
    preview: text,
  });
  return verdict.kind === 'refused' ? verdict.code : verdict.kind;
}
