import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { scrape, sumOf } from './scrape.ts';

const metrics = `# HELP parley_store_writes_total Mutations
# TYPE parley_store_writes_total counter
parley_store_writes_total{table="inbox",app="processor"} 40
parley_store_writes_total{table="messages",app="processor"} 2.5e1
parley_store_writes_total_errors{table="messages"} 7
parley_gateway_connections 3
`;

const servers: Server[] = [];

async function serve(text: string): Promise<string> {
  const server = createServer((_request, response) => response.end(text));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

test('sums a counter over its labels, and takes no other that begins alike', () => {
  expect(sumOf(metrics, 'parley_store_writes_total')).toBe(65);
  expect(sumOf(metrics, 'parley_gateway_connections')).toBe(3);
  expect(sumOf(metrics, 'parley_unknown')).toBe(0);
});

test('sums over all processes', async () => {
  const urls = [await serve(metrics), await serve(metrics)];
  expect(await scrape(urls, 'parley_store_writes_total')).toBe(130);
});
