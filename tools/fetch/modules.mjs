// Programs of npm that tests run beside the product, installed as their lock file has them.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem, alone, install, requireSpace, say } from './common.mjs';

const SPACE = 50e6;

/** Installs what `source` (a directory with package.json and package-lock.json) depends on, under the name of its one dependency. */
export async function fetchModules(cache, source) {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', source), 'utf8'));
  const [[name, version]] = Object.entries(dependencies);
  const target = join(cache, `${name}-${version}`);
  if (complete(target, name)) return say(`${name}: present`);
  await alone(cache, name, async (staging) => {
    if (complete(target, name)) return; // by the run that was waited for
    requireSpace(cache, SPACE);
    const directory = join(staging, name);
    mkdirSync(directory);
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(new URL(file, source), join(directory, file));
    // npm checks each archive against the checksum in the lock file.
    const args = ['ci', '--cache', join(staging, 'npm'), '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'];
    const { status, stdout, stderr, error } = spawnSync('npm', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    if (error) throw new Problem(`${name}: cannot run npm: ${error.message}`);
    if (status !== 0) throw new Problem(`${name}: npm failed\n${(stdout + stderr).trim().split('\n').slice(0, 8).join('\n')}`);
    install(directory, target, staging);
    say(`${name}: done, ${target}`);
  });
}

/** The directory came into place whole. */
const complete = (directory, name) => existsSync(join(directory, 'node_modules', name, 'package.json'));
