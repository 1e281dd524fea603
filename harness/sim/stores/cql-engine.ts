/**
 * A CQL engine in memory: cells with write timestamps, where the last write wins, whoever writes last.
 *
 * It carries out the statements of the production stores (projections/*.cql.ts run unchanged on it). A mutation of one partition is
 * applied whole. Of two writes with the same timestamp the greater value stays, as Cassandra has it. Time matters only for what
 * was written with a TTL.
 */

import type { CqlStatement } from '@parley/projections/cql/connection';
import { schemaStatements } from '@parley/projections/cql/schema';
import type { Clock } from '@parley/schemas/environment/clock';
import { invariant } from '@parley/schemas/errors/invariant';
import { types } from 'cassandra-driver';
import {
  type Column,
  type Plan,
  parseStatement,
  parseTable,
  type ReadPlan,
  type Table,
  type WritePlan,
} from './cql-plan.ts';
import { compareValues, fromParam, type StoredValue, toResult } from './cql-values.ts';

export interface Cell {
  readonly value: StoredValue;
  readonly timestampUs: number;
  readonly expiresAtMs: number | null;
}

interface StoredRow {
  readonly key: readonly StoredValue[];
  /** By column, or by column and entry for maps. */
  readonly cells: Map<string, Cell>;
}

interface StoredPartition {
  readonly key: readonly StoredValue[];
  readonly statics: Map<string, Cell>;
  /** In order of the clustering key. */
  readonly rows: StoredRow[];
}

/** Stands in a row's cells for the row itself, which an INSERT makes exist. */
const rowMarker = '';
const entrySeparator = '/';

export class CqlEngine {
  readonly #clock: Clock;
  readonly #tables = new Map<string, Table>();
  readonly #partitions = new Map<string, Map<string, StoredPartition>>();
  readonly #plans = new Map<string, Plan>();

  constructor(clock: Clock) {
    this.#clock = clock;
    for (const statement of schemaStatements({ keyspace: 'parley', datacenter: 'dc1', replicationFactor: 1 })) {
      const table = parseTable(statement);
      if (table === null) continue;
      this.#tables.set(table.name, table);
      this.#partitions.set(table.name, new Map());
    }
  }

  /** Which table a statement is about, for reports. */
  tableOf(statement: CqlStatement): string {
    return this.#plan(statement.query).table;
  }

  #plan(query: string): Plan {
    let plan = this.#plans.get(query);
    if (plan === undefined) {
      plan = parseStatement(query);
      this.#plans.set(query, plan);
    }
    return plan;
  }

  write(statements: readonly CqlStatement[]): void {
    for (const { query, params } of statements) {
      const plan = this.#plan(query);
      invariant(plan.kind === 'write', 'a mutation is made of writes');
      this.#apply(plan, params);
    }
  }

  #apply(plan: WritePlan, params: readonly unknown[]): void {
    const table = this.#tables.get(plan.table)!;
    const keyOf = (names: readonly string[]): StoredValue[] =>
      names.map((name) => fromParam(params[plan.keyParams.get(name)!]));
    const partition = this.#partition(table, keyOf(table.partitionKey));
    const timestampUs = Number(params[plan.timestampParam]);
    const ttlSeconds = plan.ttlParam === null ? null : Number(params[plan.ttlParam]);
    const expiresAtMs = ttlSeconds === null ? null : this.#clock.nowMs() + ttlSeconds * 1_000;
    const hasRow = table.clusteringKey.length === 0 || plan.keyParams.has(table.clusteringKey[0]!);
    const row = hasRow ? rowIn(partition, keyOf(table.clusteringKey)) : null;
    if (plan.isInsert && row !== null) put(row.cells, rowMarker, { value: true, timestampUs, expiresAtMs });
    for (const { column, entryParam, valueParam } of plan.assignments) {
      const param = params[valueParam];
      if (param === types.unset || isKey(table, column)) continue;
      const name = entryParam === null ? column : `${column}${entrySeparator}${fromParam(params[entryParam])}`;
      const cells = table.columns.get(column)!.isStatic ? partition.statics : row!.cells;
      put(cells, name, { value: fromParam(param), timestampUs, expiresAtMs });
    }
  }

  #partition(table: Table, key: StoredValue[]): StoredPartition {
    const partitions = this.#partitions.get(table.name)!;
    const name = key.join(entrySeparator);
    let partition = partitions.get(name);
    if (partition === undefined) {
      partition = { key, statics: new Map(), rows: [] };
      partitions.set(name, partition);
    }
    return partition;
  }

  read({ query, params }: CqlStatement, limit: number): types.Row[] {
    const plan = this.#plan(query);
    invariant(plan.kind === 'read', 'a read is a SELECT');
    const table = this.#tables.get(plan.table)!;
    const key = table.partitionKey.map((name) => {
      const condition = plan.conditions.find(({ column }) => column === name);
      invariant(condition !== undefined, `a read names its partition: ${query}`);
      return fromParam(params[condition.param]);
    });
    const partition = this.#partitions.get(table.name)!.get(key.join(entrySeparator));
    if (partition === undefined)
      return plan.selected.some(({ what }) => what === 'min') ? [this.#minima(table, plan, [])] : [];
    const found = this.#matching(table, plan, partition, params);
    if (plan.selected.some(({ what }) => what === 'min')) return [this.#minima(table, plan, found, partition)];
    const asked =
      plan.limit === null ? limit : 'rows' in plan.limit ? plan.limit.rows : Number(params[plan.limit.param]);
    if (plan.isDescending) found.reverse();
    return found.slice(0, Math.min(asked, limit)).map((row) => this.#result(table, plan, partition, row));
  }

  /** Null stands for the partition's static columns alone. */
  #matching(
    table: Table,
    plan: ReadPlan,
    partition: StoredPartition,
    params: readonly unknown[],
  ): (StoredRow | null)[] {
    const alive = partition.rows.filter((row) => this.#exists(row));
    const conditions = plan.conditions.filter(({ column }) => !table.partitionKey.includes(column));
    const found = alive.filter((row) =>
      conditions.every(({ column, operator, param }) => {
        const value = this.#valueOf(table, partition, row, column);
        if (value === null) return false;
        const order = compareValues(value, fromParam(params[param]));
        if (operator === '=') return order === 0;
        return operator.startsWith('<')
          ? order < 0 || (order === 0 && operator === '<=')
          : order > 0 || (order === 0 && operator === '>=');
      }),
    );
    const showsStatics = partition.statics.size > 0 && conditions.length === 0;
    if (plan.isDistinct) return found.length > 0 || showsStatics ? [found[0] ?? null] : [];
    return found.length === 0 && showsStatics ? [null] : found;
  }

  #exists(row: StoredRow): boolean {
    for (const cell of row.cells.values()) if (this.#isLive(cell)) return true;
    return false;
  }

  #isLive({ value, expiresAtMs }: Cell): boolean {
    return value !== null && (expiresAtMs === null || expiresAtMs > this.#clock.nowMs());
  }

  #valueOf(table: Table, partition: StoredPartition, row: StoredRow | null, column: string): StoredValue {
    const partitionIndex = table.partitionKey.indexOf(column);
    if (partitionIndex >= 0) return partition.key[partitionIndex]!;
    const clusteringIndex = table.clusteringKey.indexOf(column);
    if (clusteringIndex >= 0) return row?.key[clusteringIndex] ?? null;
    const cell = this.#cellOf(table, partition, row, column);
    return cell === undefined || !this.#isLive(cell) ? null : cell.value;
  }

  #cellOf(table: Table, partition: StoredPartition, row: StoredRow | null, column: string): Cell | undefined {
    return (table.columns.get(column)!.isStatic ? partition.statics : row?.cells)?.get(column);
  }

  #result(table: Table, plan: ReadPlan, partition: StoredPartition, row: StoredRow | null): types.Row {
    const result: Record<string, unknown> = {};
    for (const { as, column, what } of plan.selected) {
      const described = table.columns.get(column)!;
      if (what === 'writetime') result[as] = this.#cellOf(table, partition, row, column)?.timestampUs ?? null;
      else if (described.type.startsWith('map<')) result[as] = this.#mapOf(partition, described);
      else result[as] = toResult(this.#valueOf(table, partition, row, column), described.type);
    }
    return result as unknown as types.Row;
  }

  #mapOf(partition: StoredPartition, { name }: Column): Record<string, StoredValue> | null {
    const prefix = `${name}${entrySeparator}`;
    const entries = [...partition.statics].filter(([cell]) => cell.startsWith(prefix));
    if (entries.length === 0) return null;
    return Object.fromEntries(entries.map(([cell, { value }]) => [cell.slice(prefix.length), value]));
  }

  #minima(table: Table, plan: ReadPlan, rows: readonly (StoredRow | null)[], partition?: StoredPartition): types.Row {
    const result: Record<string, unknown> = {};
    for (const { as, column } of plan.selected) {
      let least: StoredValue = null;
      for (const row of rows) {
        const value = partition === undefined ? null : this.#valueOf(table, partition, row, column);
        if (value !== null && (least === null || compareValues(value, least) < 0)) least = value;
      }
      result[as] = toResult(least, table.columns.get(column)!.type);
    }
    return result as unknown as types.Row;
  }

  /** Every live cell of a table as text, with its timestamp: two engines that hold the same give the same. */
  dump(tableName: string): Map<string, string> {
    const cells = new Map<string, string>();
    const add = (place: string, name: string, cell: Cell): void => {
      if (this.#isLive(cell)) cells.set(`${place} ${name}`, `${textOf(cell.value)} @${cell.timestampUs}`);
    };
    for (const [place, { statics, rows }] of this.#partitions.get(tableName)!) {
      for (const [name, cell] of statics) add(place, name, cell);
      for (const row of rows) for (const [name, cell] of row.cells) add(`${place} ${row.key.join(' ')}`, name, cell);
    }
    return cells;
  }
}

const isKey = ({ partitionKey, clusteringKey }: Table, column: string): boolean =>
  partitionKey.includes(column) || clusteringKey.includes(column);

function put(cells: Map<string, Cell>, name: string, cell: Cell): void {
  const stored = cells.get(name);
  if (stored !== undefined) {
    if (stored.timestampUs > cell.timestampUs) return;
    if (stored.timestampUs === cell.timestampUs && compareValues(stored.value, cell.value) >= 0) return;
  }
  cells.set(name, cell);
}

function rowIn(partition: StoredPartition, key: StoredValue[]): StoredRow {
  const { rows } = partition;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareKeys(rows[middle]!.key, key);
    if (order === 0) return rows[middle]!;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  const row: StoredRow = { key, cells: new Map() };
  rows.splice(low, 0, row);
  return row;
}

function compareKeys(one: readonly StoredValue[], other: readonly StoredValue[]): number {
  for (let index = 0; index < one.length; index++) {
    const order = compareValues(one[index]!, other[index]!);
    if (order !== 0) return order;
  }
  return 0;
}

function textOf(value: StoredValue): string {
  return Buffer.isBuffer(value) ? value.toString('base64') : JSON.stringify(value);
}
