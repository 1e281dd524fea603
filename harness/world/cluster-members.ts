/** Which processes a Parley cluster is made of, and what each reads from its environment. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { ServiceSettings } from './services-in-use.ts';

export type ClusterApp = 'api' | 'gateway' | 'processor' | 'pusher';

export interface ClusterMember {
  readonly app: ClusterApp;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly operationsUrl: string;
  /** Not started with the others: a test adds it. */
  readonly isSpare: boolean;
}

/** What proves users to gateways, and processors to gateways. */
export interface ClusterSecrets {
  readonly tokenPrivateKey: string;
  readonly tokenPublicKey: string;
  readonly deliverySecret: string;
}

export interface ClusterPortNumbers {
  readonly api: number;
  /** By gateway. */
  readonly gateways: readonly [number, number];
  readonly deliveries: readonly [number, number];
  /** By member, in the order of `memberNames`. */
  readonly operations: readonly number[];
}

export const memberNames = [
  'api',
  'gateway-1',
  'gateway-2',
  'processor-1',
  'processor-2',
  'pusher',
  'processor-3',
] as const;

const spare: readonly string[] = ['processor-3'];

export function makeSecrets(): ClusterSecrets {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { tokenPublicKey: publicKey, tokenPrivateKey: privateKey, deliverySecret: randomBytes(32).toString('hex') };
}

export interface MembersOptions {
  readonly services: ServiceSettings;
  readonly ports: ClusterPortNumbers;
  readonly secrets: ClusterSecrets;
  /** Further environment of every process. */
  readonly env: Readonly<Record<string, string>>;
}

export function clusterMembers(options: MembersOptions): ClusterMember[] {
  const { services, ports, secrets, env } = options;
  const shared = {
    ...services,
    PARLEY_DELIVERY_SECRET: secrets.deliverySecret,
    PARLEY_TOKEN_PUBLIC_KEY: secrets.tokenPublicKey,
    PARLEY_OPERATIONS_HOST: '127.0.0.1',
    ...env,
  };
  return memberNames.map((name, index) => {
    const port = ports.operations[index]!;
    return {
      app: name.replace(/-\d+$/, '') as ClusterApp,
      name,
      env: { ...shared, ...ownSettings(name, options), PARLEY_OPERATIONS_PORT: String(port) },
      operationsUrl: `http://127.0.0.1:${port}`,
      isSpare: spare.includes(name),
    };
  });
}

function ownSettings(name: string, { ports, secrets }: MembersOptions): Record<string, string> {
  switch (name) {
    case 'api':
      return {
        PARLEY_API_HOST: '127.0.0.1',
        PARLEY_API_PORT: String(ports.api),
        PARLEY_GROUP_MEMBERS_HOST: '127.0.0.1',
        PARLEY_GROUP_MEMBERS_PORT: '0',
        PARLEY_TOKEN_PRIVATE_KEY: secrets.tokenPrivateKey,
      };
    case 'gateway-1':
      return gatewaySettings(ports.gateways[0], ports.deliveries[0]);
    case 'gateway-2':
      return gatewaySettings(ports.gateways[1], ports.deliveries[1]);
    default:
      return {};
  }
}

function gatewaySettings(devices: number, deliveries: number): Record<string, string> {
  return {
    PARLEY_GATEWAY_HOST: '127.0.0.1',
    PARLEY_GATEWAY_PORT: String(devices),
    PARLEY_DELIVERY_HOST: '127.0.0.1',
    PARLEY_DELIVERY_PORT: String(deliveries),
    PARLEY_DELIVERY_ADDRESS: `127.0.0.1:${deliveries}`,
  };
}
