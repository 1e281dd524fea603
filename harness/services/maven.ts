/** Brings Java programs from Maven Central into a folder. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './processes.ts';
import { java17, maven, provide } from './system-packages.ts';

const plugin = 'org.apache.maven.plugins:maven-dependency-plugin';
const resolvingGoal = `${plugin}:3.8.1:copy-dependencies`;
/** The old version copies the file alone; newer ones also ask for the artifact's parents, which need not be published. */
const copyingGoal = `${plugin}:2.8:copy`;

async function runMaven(args: readonly string[], folder: string): Promise<void> {
  await provide(java17);
  await run(await provide(maven), ['-q', '-B', ...args], { cwd: folder });
}

/** Copies the jars of the coordinates (`group:artifact:version`) and of all that they depend on at run time. */
export async function copyJars(folder: string, coordinates: readonly string[]): Promise<void> {
  const dependencies = coordinates.map((coordinate) => {
    const [group, artifact, version] = coordinate.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  writeFileSync(
    join(folder, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>parley</groupId><artifactId>service</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${dependencies.join('\n')}</dependencies>
</project>
`,
  );
  const jars = join(folder, 'jars');
  await runMaven([resolvingGoal, '-DincludeScope=runtime', `-DoutputDirectory=${jars}`], folder);
}

/** Copies one artifact (`group:artifact:version:packaging:classifier`) as it is. */
export async function copyArtifact(folder: string, coordinate: string): Promise<void> {
  await runMaven([copyingGoal, `-Dartifact=${coordinate}`, `-DoutputDirectory=${folder}`], folder);
}
