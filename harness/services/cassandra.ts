/**
 * One Apache Cassandra node: the CQL engine where ScyllaDB's container can't run.
 *
 * The first install also makes one training run, which leaves an archive of loaded classes beside the jars: later starts
 * take about half as long.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CassandraPorts, cassandraJvmArguments, cassandraYaml, logbackXml } from './cassandra-config.ts';
import { cacheFolder, installOnce } from './install-once.ts';
import { copyJars } from './maven.ts';
import { type Launch, NativeDaemon } from './native-daemon.ts';
import { exchange, freePorts } from './ports.ts';
import { java17, provide } from './system-packages.ts';

const version = '5.0.9';
/** A CQL v4 OPTIONS request, and the opcode of its answer SUPPORTED. */
const optionsRequest = Buffer.from([0x04, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00]);
const supportedOpcode = 0x06;

export type { CassandraPorts } from './cassandra-config.ts';

export class CassandraService extends NativeDaemon {
  readonly name = 'cassandra';
  readonly address: string;
  private readonly ports: CassandraPorts;
  private readonly trainingArchive: string | null;
  private readonly home = join(cacheFolder(), `cassandra-${version}`);
  private readonly archiveFolder = join(cacheFolder(), `cassandra-${version}-classes`);

  /** @param trainingArchive where to leave the class archive at the end of the run; set by the training run alone */
  constructor(folder: string, ports: CassandraPorts, trainingArchive: string | null = null) {
    super(folder);
    this.ports = ports;
    this.trainingArchive = trainingArchive;
    this.address = `127.0.0.1:${ports.cql}`;
  }

  async install(): Promise<void> {
    await installOnce(this.home, async (folder) => {
      await copyJars(folder, [`org.apache.cassandra:cassandra-all:${version}`]);
      const jars = join(folder, 'jars');
      for (const name of readdirSync(jars)) {
        if (/osx|windows|macos|riscv64/.test(name)) rmSync(join(jars, name)); // Native code for other machines.
      }
    });
    if (this.trainingArchive === null)
      await installOnce(this.archiveFolder, (folder) => train(join(folder, 'cds.jsa')));
  }

  async isReady(): Promise<boolean> {
    const answer = await exchange(this.ports.cql, optionsRequest);
    return answer !== null && answer[4] === supportedOpcode;
  }

  protected async prepare(): Promise<Launch> {
    mkdirSync(join(this.folder, 'tmp'), { recursive: true });
    mkdirSync(join(this.folder, 'data'), { recursive: true });
    writeFileSync(join(this.folder, 'cassandra.yaml'), cassandraYaml(this.folder, this.ports));
    writeFileSync(join(this.folder, 'logback.xml'), logbackXml);
    const jars = readdirSync(join(this.home, 'jars')).sort(); // The archive holds for this very class path only.
    const classPath = jars.map((name) => join(this.home, 'jars', name)).join(':');
    return {
      command: await provide(java17),
      args: [
        ...cassandraJvmArguments(this.folder),
        ...this.archiveArguments(),
        '-cp',
        classPath,
        'org.apache.cassandra.service.CassandraDaemon',
      ],
    };
  }

  private archiveArguments(): string[] {
    if (this.trainingArchive !== null) return [`-XX:ArchiveClassesAtExit=${this.trainingArchive}`];
    const archive = join(this.archiveFolder, 'cds.jsa');
    return existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto'] : [];
  }
}

async function train(archive: string): Promise<void> {
  const [cql, storage] = (await freePorts(2)) as [number, number];
  const folder = join(tmpdir(), `parley-cassandra-training-${process.pid}`);
  const node = new CassandraService(folder, { cql, storage }, archive);
  try {
    await node.start();
    await node.stop();
  } finally {
    await node.wipe();
  }
}
