/** Finds programs that come with the operating system, and installs what is missing where that is possible. */
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder, withLock } from './install-once.ts';
import { run } from './processes.ts';

export interface SystemProgram {
  /** What a person calls it, for the error. */
  title: string;
  /** The Debian package that holds it. */
  debianPackage: string;
  find(): Promise<string | null>;
}

export function onPath(program: string, ...otherFolders: string[]): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...otherFolders];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null;
}

/** Absolute path of the program, after an apt-get install if it was missing. */
export async function provide(program: SystemProgram): Promise<string> {
  const found = await program.find();
  if (found !== null) return found;
  if (!canInstall()) {
    throw new Error(
      `${program.title} is missing. Install it (on Debian or Ubuntu: apt-get install ${program.debianPackage}), ` +
        'or run as root where apt-get exists, or start Docker.',
    );
  }
  await aptInstall(program.debianPackage);
  const installed = await program.find();
  if (installed === null) throw new Error(`${program.debianPackage} was installed, yet ${program.title} is not found`);
  return installed;
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && onPath('apt-get') !== null;
}

/** Whether `provide` would succeed, as far as can be told without trying. */
export async function isProvidable(program: SystemProgram): Promise<boolean> {
  return (await program.find()) !== null || canInstall();
}

/** One at a time, because apt-get locks its database. */
async function aptInstall(debianPackage: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await withLock(join(cacheFolder(), 'apt-get.lock'), async () => {
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debianPackage], { env });
  });
}

async function javaVersion(java: string): Promise<number> {
  // `java -version` prints to stderr; the modern form prints to stdout.
  const text = await run(java, ['--version']).catch(() => ''); // Java 8 does not know the option: not usable either.
  return Number(/(\d+)/.exec(text)?.[1] ?? 0);
}

/** Java 17: what all three JVM services run on (Cassandra 5.0 refuses newer ones). */
export const java17: SystemProgram = {
  title: 'Java 17',
  debianPackage: 'openjdk-17-jre-headless',
  async find() {
    const machine = '/usr/lib/jvm';
    const homes = existsSync(machine) ? readdirSync(machine).map((name) => join(machine, name)) : [];
    const candidates = [process.env['JAVA_HOME'], ...homes].filter((home) => home !== undefined);
    const programs = candidates.map((home) => join(home, 'bin', 'java')).filter((path) => existsSync(path));
    const java = onPath('java');
    for (const path of java === null ? programs : [java, ...programs]) {
      if ((await javaVersion(path)) === 17) return path;
    }
    return null;
  },
};

export const maven: SystemProgram = { title: 'Maven', debianPackage: 'maven', find: async () => onPath('mvn') };

export const redisServer: SystemProgram = {
  title: 'redis-server',
  debianPackage: 'redis-server',
  find: async () => onPath('redis-server'),
};

/** The folder of PostgreSQL's programs is not on the path in Debian. */
export const postgres: SystemProgram = {
  title: 'PostgreSQL',
  debianPackage: 'postgresql',
  async find() {
    const debian = '/usr/lib/postgresql';
    const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
    return onPath('initdb', ...versions.map((version) => join(debian, version, 'bin')));
  },
};

export const go: SystemProgram = {
  title: 'Go',
  debianPackage: 'golang-go',
  find: async () => onPath('go', '/usr/local/go/bin'),
};

/** A library that is loaded before a program, and tells it another time than the machine has. */
export const libfaketime: SystemProgram = {
  title: 'libfaketime',
  debianPackage: 'libfaketime',
  async find() {
    const machine = '/usr/lib';
    const folders = existsSync(machine) ? readdirSync(machine).map((name) => join(machine, name, 'faketime')) : [];
    const libraries = [...folders, '/usr/local/lib/faketime'].map((folder) => join(folder, 'libfaketimeMT.so.1'));
    return libraries.find((path) => existsSync(path)) ?? null;
  },
};

export const chromium: SystemProgram = {
  title: 'Chromium',
  debianPackage: 'chromium',
  find: async () => onPath('chromium') ?? onPath('chromium-browser') ?? onPath('google-chrome'),
};
