/**
 * The history as files: `index.json` names every subject with its compatibility and every version with its embedded id;
 * `<subject>/<version>.avsc` is the schema as it was committed. Files of a version are never changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { invariant } from '../errors/invariant.ts';
import type { Compatibility } from './compatibility.ts';
import { shapeOf } from './schema-shape.ts';

/** One committed version of a subject. */
export interface VersionEntry {
  /** Names the schema in records of an embedded log; given once. */
  readonly id: number;
  readonly subject: string;
  /** From 1 without gaps. */
  readonly version: number;
  /** SHA-256 of the schema's shape: a changed file is noticed. */
  readonly sha256: string;
}

export interface HistoryIndex {
  readonly subjects: Readonly<Record<string, Compatibility>>;
  readonly versions: readonly VersionEntry[];
}

/** A schema as events/ has it now. */
export interface CurrentSchema {
  /** Record name in full: subjects are named by record. */
  readonly subject: string;
  readonly schema: unknown;
}

/** What the tools read and write: the folder that holds events/ and history/. */
export class HistoryFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  index(): HistoryIndex {
    const path = join(this.#root, 'history', 'index.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as HistoryIndex) : { subjects: {}, versions: [] };
  }

  schema(entry: VersionEntry): unknown {
    return JSON.parse(readFileSync(this.#pathOf(entry), 'utf8'));
  }

  current(): CurrentSchema[] {
    const folder = join(this.#root, 'events');
    const files = readdirSync(folder).filter((name) => name.endsWith('.avsc'));
    return files.sort().map((file) => {
      const schema = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { name?: string; namespace?: string };
      invariant(schema.name !== undefined && schema.namespace !== undefined, `${file} has a name and a namespace`);
      return { subject: `${schema.namespace}.${schema.name}`, schema };
    });
  }

  /** Adds a version; the next free id becomes its own. */
  add(subject: string, schema: unknown, compatibility: Compatibility): VersionEntry {
    const { subjects, versions } = this.index();
    const entry: VersionEntry = {
      id: Math.max(0, ...versions.map((known) => known.id)) + 1,
      subject,
      version: versions.filter((known) => known.subject === subject).length + 1,
      sha256: sha256Of(schema),
    };
    const path = this.#pathOf(entry);
    invariant(!existsSync(path), `${path} is not there yet`);
    mkdirSync(join(this.#root, 'history', subject), { recursive: true });
    writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
    const index: HistoryIndex = {
      subjects: { ...subjects, [subject]: subjects[subject] ?? compatibility },
      versions: [...versions, entry],
    };
    writeFileSync(join(this.#root, 'history', 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
    return entry;
  }

  #pathOf(entry: VersionEntry): string {
    return join(this.#root, 'history', entry.subject, `${entry.version}.avsc`);
  }
}

export function sha256Of(schema: unknown): string {
  return createHash('sha256').update(shapeOf(schema)).digest('hex');
}
