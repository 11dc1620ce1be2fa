// The few programs that the crates' build scripts call.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Problem, say } from './common.mjs';

export function ensureTools(tools) {
  let missing = tools.filter(({ command }) => !onPath(command));
  if (missing.length === 0) return say('build tools: present');
  const packages = [...new Set(missing.map(({ debian }) => debian))];
  if (isDebian() && process.getuid() === 0) {
    say(`build tools: installing ${packages.join(', ')}`);
    apt(['update']);
    apt(['install', '--yes', '--no-install-recommends', ...packages]);
    missing = tools.filter(({ command }) => !onPath(command));
  }
  if (missing.length > 0) {
    const list = missing.map(({ command, why }) => `  ${command} (${why})`).join('\n');
    throw new Problem(`missing build tools:\n${list}\ninstall them with: ${installCommand(packages)}`);
  }
}

export function onPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return directory !== '';
    } catch {
      return false;
    }
  });
}

export const isDebian = () => existsSync('/etc/debian_version') && onPath('apt-get');

function apt(args) {
  const { status, stderr } = spawnSync('apt-get', ['-q', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Problem(`apt-get ${args.join(' ')} failed:\n${stderr.trim()}`);
}

export function installCommand(debianPackages) {
  if (isDebian()) return `sudo apt-get install --yes ${debianPackages.join(' ')}`;
  if (process.platform === 'darwin') return 'xcode-select --install';
  return `your package manager (on Debian they are called ${debianPackages.join(' ')})`;
}
