import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebhookCodeSender } from './code-sender.ts';

let server: Server;
let url: string;
let status: number;
let received: Array<{ authorization: string | undefined; body: string }>;

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

beforeEach(async () => {
  status = 202;
  received = [];
  server = createServer(async (request, response) => {
    received.push({ authorization: request.headers.authorization, body: await textOf(request) });
    response.writeHead(status, { location: '/elsewhere' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/codes`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const send = () => new WebhookCodeSender({ url, secret: 'secret', fetch }).send('+41791234567', '123456', 7);

it('posts number and code with its secret', async () => {
  await send();
  expect(received.map((one) => one.authorization)).toEqual(['Bearer secret']);
  expect(JSON.parse(received[0]!.body)).toEqual({ phone_number: '+41791234567', code: '123456', expires_at_ms: 7 });
});

it('is unavailable when the bridge refuses, redirects or is not there', async () => {
  for (status of [400, 500, 302]) await expect(send()).rejects.toMatchObject({ code: 'unavailable' });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect(send()).rejects.toMatchObject({ code: 'unavailable' });
});
