#!/usr/bin/env node
// Reads every script of the repository as its interpreter would, without running it: one that can't be parsed is found here, not
// by whoever needs it. shellcheck looks too, where it is installed.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { onPath } from '../fetch/system.mjs';

const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' });
const files = git.stdout.split('\0').filter(Boolean);

function firstLine(file) {
  const descriptor = openSync(file);
  try {
    const buffer = Buffer.alloc(80);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer)).split('\n')[0];
  } finally {
    closeSync(descriptor);
  }
}

/** The commands that a file has to pass. */
function checks(file) {
  const first = firstLine(file);
  if (/\.m?js$/.test(file) || /^#!.*\bnode\b/.test(first)) return [['node', '--check', file]];
  if (/\.py$/.test(file) || /^#!.*\bpython3\b/.test(first)) {
    const read = 'import ast, sys; ast.parse(open(sys.argv[1], encoding="utf8").read(), sys.argv[1])';
    return [['python3', '-W', 'error', '-c', read, file]];
  }
  const shell = /^#!.*\b(bash|sh)\b/.exec(first)?.[1];
  if (!shell) return [];
  return [[shell, '-n', file], ...(onPath('shellcheck') ? [['shellcheck', file]] : [])];
}

let failed = 0;
let passed = 0;
for (const [program, ...args] of files.flatMap((file) => checks(file))) {
  // A tool whose interpreter is not here is of no use here either; `tools/test` says what did not run.
  if (!onPath(program)) continue;
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) passed += 1;
  else {
    failed += 1;
    process.stderr.write(`${program} ${args.at(-1)}\n${stdout}${stderr}\n`);
  }
}
process.stdout.write(`scripts: ${passed} in order, ${failed} not\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
