/** The OpenAPI description as apps/api serves it, for those who have no server at hand. */
import { makeApi } from '@parley/api/api.fixture';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';

export async function openApiDocument(): Promise<string> {
  const database = await openEmbeddedDirectory(null);
  const api = makeApi(database);
  try {
    const answer = await api.app.inject({ method: 'GET', url: '/openapi.json' });
    return `${JSON.stringify(answer.json(), null, 2)}\n`;
  } finally {
    await api.close();
    await database.close();
  }
}
