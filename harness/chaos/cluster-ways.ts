/** Which proxies a cluster under chaos has, and what each process is told so that it goes through its own. */
import type { ClusterPorts } from '../services/cluster.ts';
import type { ProxiedListener } from '../services/kafka.ts';
import { freePorts } from '../services/ports.ts';
import type { TcpProxy } from '../services/toxiproxy.ts';
import type { ClusterProcesses } from '../world/cluster-processes.ts';
import { usersOf } from './kinds.ts';

export interface ClusterWays {
  /** Where the proxies are told what to do. */
  readonly controlPort: number;
  readonly proxies: readonly TcpProxy[];
  /** Kafka tells clients where to connect: each proxy needs a listener that names it. */
  readonly listeners: readonly ProxiedListener[];
  /** Through which devices come, by gateway. */
  readonly deviceUrls: readonly string[];
  environmentOf(process: string): Record<string, string>;
}

export async function planWays(ports: ClusterPorts, processes: ClusterProcesses): Promise<ClusterWays> {
  const links = Object.entries(usersOf).flatMap(([service, users]) => users.map((user) => ({ service, user })));
  const gateways = processes.gatewayUrls.map((url) => Number(new URL(url).port));
  const count = links.length + usersOf['kafka']!.length + 2 * gateways.length;
  const free = await freePorts(1 + count, [...Object.values(ports), ...processes.ports]);
  const take = (): number => free.pop()!;
  const controlPort = take();
  const listeners: ProxiedListener[] = [];
  const toServices = links.map(({ service, user }): TcpProxy => {
    const port = take();
    if (service !== 'kafka') return { name: `${user}>${service}`, port, upstreamPort: upstreamOf(service, ports) };
    const listener = { port: take(), advertisedPort: port };
    listeners.push(listener);
    return { name: `${user}>${service}`, port, upstreamPort: listener.port };
  });
  const toGateways = (way: string, upstream: readonly number[]): TcpProxy[] =>
    upstream.map((upstreamPort, index) => ({ name: `${way}>gateway-${index + 1}`, port: take(), upstreamPort }));
  const deliveries = toGateways('delivery', processes.deliveryPorts);
  const devices = toGateways('devices', gateways);
  const proxies = [...toServices, ...deliveries, ...devices];
  return {
    controlPort,
    proxies,
    listeners,
    deviceUrls: devices.map(({ port }) => `ws://127.0.0.1:${port}`),
    environmentOf: (process) => environmentOf(process, proxies),
  };
}

function upstreamOf(service: string, ports: ClusterPorts): number {
  return service === 'cassandra' ? ports.cql : ports[service as keyof ClusterPorts];
}

function environmentOf(process: string, proxies: readonly TcpProxy[]): Record<string, string> {
  const at = (name: string): string | null => {
    const proxy = proxies.find((one) => one.name === name);
    return proxy === undefined ? null : `127.0.0.1:${proxy.port}`;
  };
  const settings = {
    PARLEY_KAFKA_BROKERS: at(`${process}>kafka`),
    PARLEY_REGISTRY_URL: prefixed('http://', at(`${process}>registry`), '/apis/ccompat/v7'),
    PARLEY_CQL_CONTACT_POINTS: at(`${process}>cassandra`),
    PARLEY_REDIS_URL: prefixed('redis://', at(`${process}>redis`)),
    PARLEY_POSTGRES_URL: prefixed('postgres://postgres@', at(`${process}>postgres`), '/parley'),
    PARLEY_DELIVERY_ADDRESS: at(`delivery>${process}`),
  };
  return Object.fromEntries(Object.entries(settings).filter((entry): entry is [string, string] => entry[1] !== null));
}

const prefixed = (before: string, address: string | null, after = ''): string | null =>
  address === null ? null : `${before}${address}${after}`;
