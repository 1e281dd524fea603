/** Users of a directory, straight into its tables. */
import { randomInt, randomUUID } from 'node:crypto';
import type { DirectoryDatabase } from '../database.ts';

export async function addUsers(database: DirectoryDatabase, count: number): Promise<string[]> {
  const at = new Date(0);
  const users = Array.from({ length: count }, (_, index) => ({
    user_id: randomUUID(),
    phone_number: `+49${randomInt(1_000_000_000, 9_999_999_999)}${index}`.slice(0, 20),
    display_name: `User ${index}`,
    created_at: at,
    updated_at: at,
  }));
  await database.run((db) => db.insertInto('users').values(users).execute());
  return users.map((user) => user.user_id);
}
