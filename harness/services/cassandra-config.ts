/** The configuration of a one-node Cassandra with small memory, fast schema changes and no loss on a kill. */
import { join } from 'node:path';

export interface CassandraPorts {
  cql: number;
  storage: number;
}

/**
 * `commitlog_sync: group` syncs before it acknowledges, as `batch` does, but one sync for all that came within two milliseconds:
 * the periodic default loses acknowledged writes on a kill. A write holds its thread until the sync, hence the many writer
 * threads. No automatic snapshots, so that dropping a keyspace between tests is quick.
 */
export function cassandraYaml(folder: string, ports: CassandraPorts): string {
  const data = join(folder, 'data');
  return `cluster_name: parley
num_tokens: 1
initial_token: 0
auto_bootstrap: false
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:${ports.storage}"
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
storage_port: ${ports.storage}
start_native_transport: true
native_transport_port: ${ports.cql}
authenticator: AllowAllAuthenticator
authorizer: AllowAllAuthorizer
role_manager: CassandraRoleManager
data_file_directories:
  - ${join(data, 'data')}
commitlog_directory: ${join(data, 'commitlog')}
saved_caches_directory: ${join(data, 'saved_caches')}
hints_directory: ${join(data, 'hints')}
cdc_raw_directory: ${join(data, 'cdc_raw')}
disk_failure_policy: die
commit_failure_policy: die
commitlog_sync: group
commitlog_sync_group_window: 2ms
commitlog_segment_size: 16MiB
commitlog_total_space: 512MiB
memtable_allocation_type: offheap_objects
memtable_heap_space: 192MiB
memtable_offheap_space: 192MiB
memtable_flush_writers: 1
file_cache_size: 64MiB
networking_cache_size: 32MiB
key_cache_size: 16MiB
row_cache_size: 0MiB
counter_cache_size: 0MiB
disk_access_mode: mmap_index_only
concurrent_reads: 16
concurrent_writes: 128
concurrent_counter_writes: 4
concurrent_compactors: 1
compaction_throughput: 64MiB/s
read_request_timeout: 5000ms
range_request_timeout: 10000ms
write_request_timeout: 2000ms
cas_contention_timeout: 1000ms
truncate_request_timeout: 60000ms
request_timeout: 10000ms
auto_snapshot: false
incremental_backups: false
snapshot_before_compaction: false
hinted_handoff_enabled: false
materialized_views_enabled: false
sasi_indexes_enabled: false
user_defined_functions_enabled: false
cdc_enabled: false
`;
}

export const logbackXml = `<configuration scan="false">
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level [%thread] %date{ISO8601} %F:%L - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT"/></root>
</configuration>
`;

const exported = [
  'java.base/jdk.internal.misc',
  'java.base/java.lang.ref',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'jdk.unsupported/sun.misc',
  'jdk.attach/sun.tools.attach',
];

const opened = [
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.lang.reflect',
  'java.base/java.io',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/java.nio',
  'java.base/sun.nio.ch',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.util.jar',
  'jdk.management/com.sun.management.internal',
];

/** JVM arguments, all but the class path, the class archive and the main class. */
export function cassandraJvmArguments(folder: string): string[] {
  return [
    '-Xms256M',
    '-Xmx1G',
    '-Xss256k',
    '-XX:MaxDirectMemorySize=512M',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1', // A quick start, and no compiler at work while tests run, for a quarter of the throughput.
    '-XX:+PerfDisableSharedMem',
    '-XX:+ExitOnOutOfMemoryError',
    '-Djdk.attach.allowAttachSelf=true',
    '-Djava.net.preferIPv4Stack=true',
    ...exported.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
    ...opened.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
    '-Dio.netty.tryReflectionSetAccessible=true',
    '-Dio.netty.allocator.useCacheForAllThreads=true',
    `-Djava.io.tmpdir=${join(folder, 'tmp')}`,
    `-Djna.tmpdir=${join(folder, 'tmp')}`,
    `-Dlogback.configurationFile=file://${join(folder, 'logback.xml')}`,
    `-Dcassandra.config=file://${join(folder, 'cassandra.yaml')}`,
    `-Dcassandra.storagedir=${join(folder, 'data')}`,
    `-Dcassandra.logdir=${folder}`,
    '-Dcassandra-foreground=yes',
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.ring_delay_ms=1000',
    '-Dcassandra.superuser_setup_delay_ms=0',
    '-Dcassandra.shutdown_announce_in_ms=0',
    '-Dcassandra.load_ring_state=false',
    '-Dcassandra.size_recorder_interval=3600',
  ];
}
