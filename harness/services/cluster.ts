/** The five services that a Parley cluster stands on, as one thing to bring up and down. */
import { join } from 'node:path';
import { CassandraService } from './cassandra.ts';
import { KafkaService, type ProxiedListener } from './kafka.ts';
import type { NativeService, ServiceStatus } from './native-service.ts';
import { freePorts } from './ports.ts';
import { PostgresService } from './postgres.ts';
import { RedisService } from './redis.ts';
import { RegistryService } from './registry.ts';
import { isProvidable, java17, maven, postgres, redisServer } from './system-packages.ts';

export interface ClusterPorts {
  kafka: number;
  kafkaController: number;
  registry: number;
  registryManagement: number;
  cql: number;
  cqlStorage: number;
  redis: number;
  postgres: number;
}

export const defaultPorts: ClusterPorts = {
  kafka: 19092,
  kafkaController: 19093,
  registry: 18081,
  registryManagement: 18181,
  cql: 19042,
  cqlStorage: 17000,
  redis: 16379,
  postgres: 15432,
};

/** Ports for a cluster of a test's own. */
export async function ownPorts(): Promise<ClusterPorts> {
  const names = Object.keys(defaultPorts) as (keyof ClusterPorts)[];
  const ports = await freePorts(names.length);
  return Object.fromEntries(names.map((name, index) => [name, ports[index]!])) as Record<keyof ClusterPorts, number>;
}

export class NativeCluster {
  readonly kafka: KafkaService;
  readonly registry: RegistryService;
  readonly cassandra: CassandraService;
  readonly redis: RedisService;
  readonly postgres: PostgresService;
  readonly services: readonly NativeService[];

  /**
   * @param folder where the run data of all services goes; an absolute path
   * @param proxied further ways into Kafka, each through a proxy
   */
  constructor(folder: string, ports: ClusterPorts = defaultPorts, proxied: readonly ProxiedListener[] = []) {
    const { kafka, kafkaController, registry, registryManagement, cql, cqlStorage } = ports;
    this.kafka = new KafkaService(join(folder, 'kafka'), { broker: kafka, controller: kafkaController, proxied });
    this.registry = new RegistryService(join(folder, 'registry'), { http: registry, management: registryManagement });
    this.cassandra = new CassandraService(join(folder, 'cassandra'), { cql, storage: cqlStorage });
    this.redis = new RedisService(join(folder, 'redis'), ports.redis);
    this.postgres = new PostgresService(join(folder, 'postgres'), ports.postgres);
    this.services = [this.kafka, this.registry, this.cassandra, this.redis, this.postgres];
  }

  /** Installs and starts all of them at the same time; says which failed after all have been tried. */
  async up(onReady: (service: NativeService, tookMs: number) => void = () => undefined): Promise<void> {
    const startedMs = performance.now();
    const results = await Promise.allSettled(
      this.services.map(async (service) => {
        await service.start();
        onReady(service, Math.round(performance.now() - startedMs));
      }),
    );
    const failures = results.filter((result) => result.status === 'rejected').map((result) => result.reason as Error);
    if (failures.length > 0) throw new AggregateError(failures, failures.map((error) => error.message).join('\n\n'));
  }

  async down({ wipe = false } = {}): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
    if (wipe) await Promise.all(this.services.map((service) => service.wipe()));
  }

  /** Where anything of it lies. */
  get folders(): string[] {
    return this.services.flatMap(({ folders }) => folders);
  }

  status(): Promise<ServiceStatus[]> {
    return Promise.all(this.services.map((service) => service.status()));
  }

  /** The settings by which programs and tests find this cluster. */
  environment(): Record<string, string> {
    return {
      PARLEY_KAFKA_BROKERS: this.kafka.address,
      PARLEY_REGISTRY_URL: this.registry.address,
      PARLEY_CQL_CONTACT_POINTS: this.cassandra.address,
      PARLEY_CQL_DATACENTER: 'datacenter1',
      PARLEY_REDIS_URL: this.redis.address,
      PARLEY_POSTGRES_URL: this.postgres.address,
    };
  }
}

/** What keeps the services from running natively on this machine; empty when nothing does. */
export async function missingForNative(): Promise<string[]> {
  const needed = [java17, maven, redisServer, postgres];
  const providable = await Promise.all(needed.map(isProvidable));
  return needed.filter((_, index) => !providable[index]).map((program) => program.title);
}
