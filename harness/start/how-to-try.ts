/** What is printed once everything runs: where it is, and how to try it. */

export interface Addresses {
  readonly api: number;
  readonly gateways: readonly number[];
  readonly operations: readonly string[];
}

export function howToTry({ api, gateways, operations }: Addresses): string {
  const url = `http://127.0.0.1:${api}`;
  return `
Parley is running. Ctrl-C stops it.

  api         ${url}   (its description: ${url}/openapi.json)
  gateways    ${gateways.map((port) => `ws://127.0.0.1:${port}/v1/connect`).join('  ')}
  operations  ${operations.join('  ')}   (/readyz, /metrics)

Register a device. The one-time code is printed here, in the log, where an SMS would be sent in production:

  curl -s ${url}/v1/registrations -H 'content-type: application/json' -d '{"phone_number":"+41790000001"}'
  curl -s ${url}/v1/registrations/verify -H 'content-type: application/json' -d '{"phone_number":"+41790000001",
    "code":"CODE","display_name":"Ann","device":{"name":"phone","platform":"android","key_bundle":"a2V5cw=="}}'

The answer holds the access token with which the device connects to a gateway (docs/PROTOCOL.md).
To see two people talk in this terminal instead, over a Parley of its own:  npm run demo
`;
}
