/** One Kafka broker (KRaft, broker and controller in one process) for tests and development. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { cacheFolder, installOnce } from './install-once.ts';
import { copyJars } from './maven.ts';
import { type Launch, NativeDaemon } from './native-daemon.ts';
import { run } from './processes.ts';
import { java17, provide } from './system-packages.ts';

const version = '4.2.1';
const log4jVersion = '2.25.4';

export interface KafkaPorts {
  broker: number;
  controller: number;
  /** Further listeners: a client that comes in through one is told to come back through the address that belongs to it. */
  proxied?: readonly ProxiedListener[];
}

export interface ProxiedListener {
  readonly port: number;
  readonly advertisedPort: number;
}

export class KafkaService extends NativeDaemon {
  readonly name = 'kafka';
  readonly address: string;
  private readonly ports: KafkaPorts;
  private readonly home = join(cacheFolder(), `kafka-${version}`);

  constructor(folder: string, ports: KafkaPorts) {
    super(folder);
    this.ports = ports;
    this.address = `127.0.0.1:${ports.broker}`;
  }

  async install(): Promise<void> {
    await installOnce(this.home, (folder) =>
      copyJars(folder, [
        `org.apache.kafka:kafka_2.13:${version}`,
        `org.apache.kafka:kafka-tools:${version}`,
        `org.apache.logging.log4j:log4j-slf4j-impl:${log4jVersion}`,
      ]),
    );
  }

  /** A broker that is fenced or still loading accepts connections: only its own name in the metadata counts. */
  async isReady(): Promise<boolean> {
    const admin = new Kafka({
      brokers: [this.address],
      clientId: 'readiness',
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1_000,
      requestTimeout: 2_000,
      retry: { retries: 0 },
    }).admin();
    try {
      await admin.connect();
      const { brokers } = await admin.describeCluster();
      return brokers.length > 0;
    } catch {
      return false; // Not answering is the question, not an error.
    } finally {
      await admin.disconnect();
    }
  }

  protected async prepare(): Promise<Launch> {
    const java = await provide(java17);
    this.writeConfiguration();
    const common = [
      '-XX:+UseSerialGC',
      '-Djava.awt.headless=true',
      `-Dparley.folder=${this.folder}`,
      `-Dlog4j2.configurationFile=${join(this.folder, 'log4j2.xml')}`,
      '-cp',
      join(this.home, 'jars', '*'),
    ];
    const properties = join(this.folder, 'server.properties');
    if (!existsSync(join(this.folder, 'data', 'meta.properties'))) {
      const clusterId = `p${randomBytes(16).toString('base64url').slice(1)}`; // Kafka's ids never begin with a dash.
      const format = ['kafka.tools.StorageTool', 'format', '--standalone', '-t', clusterId, '-c', properties];
      await run(java, ['-Xmx128m', '-XX:TieredStopAtLevel=1', ...common, ...format]);
    }
    const args = ['-Xms256m', '-Xmx512m', '-XX:MaxDirectMemorySize=256m', ...common, 'kafka.Kafka', properties];
    return { command: java, args };
  }

  private writeConfiguration(): void {
    mkdirSync(join(this.folder, 'data'), { recursive: true });
    writeFileSync(join(this.folder, 'server.properties'), serverProperties(join(this.folder, 'data'), this.ports));
    writeFileSync(
      join(this.folder, 'log4j2.xml'),
      `<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="%d %p %m (%c)%n"/></Console></Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
`,
    );
  }
}

/**
 * Short broker sessions let a restart after a kill take 3 s instead of 14. A record from the future is refused by the
 * topic default; topics of our own say so again for themselves.
 */
function serverProperties(data: string, { broker, controller, proxied = [] }: KafkaPorts): string {
  const own = [`PLAINTEXT://127.0.0.1:${broker}`, `CONTROLLER://127.0.0.1:${controller}`];
  const named = (ports: readonly number[]) => ports.map((port, index) => `PROXIED${index}://127.0.0.1:${port}`);
  const listeners = [...own, ...named(proxied.map(({ port }) => port))].join(',');
  const advertised = [...own, ...named(proxied.map(({ advertisedPort }) => advertisedPort))].join(',');
  const protocols = ['PLAINTEXT', 'CONTROLLER', ...proxied.map((_, index) => `PROXIED${index}`)];
  return `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${controller}
controller.listener.names=CONTROLLER
listeners=${listeners}
advertised.listeners=${advertised}
listener.security.protocol.map=${protocols.map((name) => `${name}:PLAINTEXT`).join(',')}
inter.broker.listener.name=PLAINTEXT
log.dirs=${data}
auto.create.topics.enable=false
num.partitions=12
default.replication.factor=1
min.insync.replicas=1
log.message.timestamp.after.max.ms=5000
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
log.retention.check.interval.ms=60000
message.max.bytes=1048588
`;
}
