/** What suites may need beyond Node: the services, native processes to harm, a browser. */
import { join } from 'node:path';
import { schemathesisPackage } from '../fuzz/schemathesis.ts';
import { missingForNative, NativeCluster, ownPorts } from '../services/cluster.ts';
import { composeDown, composeUp, dockerEngineAnswers } from '../services/compose.ts';
import { pipAnswers, pythonPackage } from '../services/python-packages.ts';
import { setDefaultCompatibility } from '../services/registry.ts';
import { chromium, isProvidable, libfaketime, provide } from '../services/system-packages.ts';
import { installToxiproxy, missingForToxiproxy } from '../services/toxiproxy.ts';
import { repository } from './program.ts';
import type { Need } from './suite.ts';

const nativeAdvice = (missing: readonly string[]) =>
  `${missing.join(', ')} missing: install with the system's package manager, or run as root where apt-get exists`;

/**
 * Kafka, registry, CQL, Redis and PostgreSQL for this run alone: in a fresh folder and on ports of its own, so that it
 * neither sees nor harms what `cluster:up` started. From containers (then on the usual ports) where only those can be had.
 */
export class ServicesNeed implements Need {
  private cluster: NativeCluster | null = null;
  private usesContainers = false;

  async missing(): Promise<string | null> {
    const missing = await missingForNative();
    if (missing.length === 0 || (await dockerEngineAnswers())) return null;
    return `${nativeAdvice(missing)}, or start a Docker engine.`;
  }

  async provide(): Promise<Record<string, string>> {
    this.usesContainers = (await missingForNative()).length > 0;
    const folder = join(repository, 'var', 'test-cluster');
    this.cluster = new NativeCluster(folder, ...(this.usesContainers ? [] : [await ownPorts()]));
    if (this.usesContainers) {
      await composeUp();
      await setDefaultCompatibility(this.cluster.registry.address);
    } else {
      await this.cluster.down({ wipe: true }); // What an interrupted run may have left.
      await this.cluster.up((service, tookMs) => console.log(`${service.name} answers (${tookMs} ms)`));
    }
    return this.cluster.environment();
  }

  async release(): Promise<void> {
    if (this.usesContainers) await composeDown({ wipe: true });
    else await this.cluster?.down({ wipe: true });
  }
}

/** For tests that kill and pause services: these start native ones of their own. */
export class NativeServicesNeed implements Need {
  async missing(): Promise<string | null> {
    const missing = await missingForNative();
    return missing.length === 0 ? null : `${nativeAdvice(missing)}.`;
  }

  async provide(): Promise<Record<string, string>> {
    return {};
  }

  async release(): Promise<void> {
    // Whoever starts an instance of its own ends it.
  }
}

/** What network faults and wrong clocks are made with. */
export class ChaosNeed implements Need {
  async missing(): Promise<string | null> {
    const faketime = (await isProvidable(libfaketime)) ? null : nativeAdvice([libfaketime.title]);
    const missing = [await missingForToxiproxy(), faketime].filter((reason) => reason !== null);
    return missing.length === 0 ? null : missing.join(' ');
  }

  async provide(): Promise<Record<string, string>> {
    await provide(libfaketime);
    await installToxiproxy();
    return {};
  }

  async release(): Promise<void> {
    // What was installed stays.
  }
}

/** Python with pip, for the fuzzer of the API: it brings the rest itself. */
export class FuzzerNeed implements Need {
  async missing(): Promise<string | null> {
    return (await pipAnswers()) ? null : 'Python 3 with pip is missing: install python3-pip with the package manager.';
  }

  async provide(): Promise<Record<string, string>> {
    await pythonPackage(schemathesisPackage);
    return {};
  }

  async release(): Promise<void> {
    // What was downloaded stays in the cache.
  }
}

/** Programs find the browser's path in PARLEY_CHROMIUM. */
export class BrowserNeed implements Need {
  async missing(): Promise<string | null> {
    if (await isProvidable(chromium)) return null;
    return 'Chromium is missing: install it with the package manager, or run as root where apt-get exists.';
  }

  async provide(): Promise<Record<string, string>> {
    return { PARLEY_CHROMIUM: await provide(chromium) };
  }

  async release(): Promise<void> {
    // A program that was installed stays.
  }
}
