import { randomUUID } from 'node:crypto';
import { hasCode } from '../errors/parley-error.ts';
import { compatibilityContract } from '../history/compatibility.contract.ts';
import { ConfluentApi } from './confluent-api.ts';

const url = process.env['PARLEY_REGISTRY_URL'] ?? 'http://127.0.0.1:18081/apis/ccompat/v7';
const api = new ConfluentApi({ url });

compatibilityContract('the registry', async (before, after, compatibility) => {
  const subject = `parley.test.${randomUUID()}`;
  await api.register(subject, before);
  await api.setCompatibility(subject, compatibility);
  try {
    await api.register(subject, after);
    return true;
  } catch (error) {
    if (hasCode(error, 'schema_incompatible')) return false;
    throw error;
  }
});
