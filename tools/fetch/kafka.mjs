// Apache Kafka from Maven Central, by the Maven client.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Problem, alone, install, requireSpace, say } from './common.mjs';
import { isDebian, onPath } from './system.mjs';

const NO_JAVA = 3;
const OLDEST_JAVA = 17;
const SPACE = 400e6;
const POM = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url));

export async function fetchKafka(cache) {
  // Even when the jars are there: without Java they are of no use, and the caller asks just that.
  requireJava();
  const version = /<kafka\.version>([^<]+)</.exec(readFileSync(POM, 'utf8'))[1];
  const target = join(cache, `kafka-${version}`);
  if (complete(target, version)) return say(`kafka: present`);
  if (!onPath('mvn')) throw new Problem(`kafka: Maven is missing; install it${debian('maven')}`, NO_JAVA);
  await alone(cache, 'kafka', async (staging) => {
    if (complete(target, version)) return; // by the run that was waited for
    requireSpace(cache, SPACE);
    say(`kafka: fetching ${version} with Maven`);
    const unpacked = join(staging, 'kafka');
    // Maven checks each jar against the repository's checksum; -C makes a mismatch fatal.
    const args = ['-q', '-B', '-C', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${join(unpacked, 'libs')}`];
    const { status, stdout, stderr, error } = spawnSync('mvn', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    if (error) throw new Problem(`kafka: cannot run mvn: ${error.message}`);
    if (status !== 0) throw new Problem(`kafka: Maven failed\n${(stdout + stderr).trim().split('\n').slice(0, 8).join('\n')}`);
    if (!complete(unpacked, version)) throw new Problem(`kafka: Maven fetched no kafka_2.13-${version}.jar`);
    install(unpacked, target, staging);
    say(`kafka: done, ${target}`);
  });
}

/** The directory came into place whole; a jar that was deleted since shows in the count. */
function complete(directory, version) {
  const libs = join(directory, 'libs');
  return existsSync(join(libs, `kafka_2.13-${version}.jar`)) && readdirSync(libs).length > 30;
}

function requireJava() {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (status !== 0) throw new Problem(`kafka: Java is missing; install version ${OLDEST_JAVA} or later${debian('default-jre-headless')}`, NO_JAVA);
  const version = Number.parseInt(/version "(?:1\.)?(\d+)/.exec(stderr)?.[1], 10);
  if (!(version >= OLDEST_JAVA)) throw new Problem(`kafka: Java ${OLDEST_JAVA} or later is needed, not ${stderr.split('\n')[0]}`, NO_JAVA);
}

const debian = (name) => (isDebian() ? `: sudo apt-get install --yes ${name}` : '');
