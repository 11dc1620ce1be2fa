// What both kinds of download share: the cache, staging, the wait for one another, and how failures are reported.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A failure whose message says it all; anything else that is thrown is a bug and keeps its stack. */
export class Problem extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

export const say = (line) => process.stdout.write(`${line}\n`);

export const megabytes = (bytes) => (bytes / 1e6).toFixed(0);

export function cacheDirectory(environment = process.env) {
  if (environment.USERTRAIL_CACHE) return resolve(environment.USERTRAIL_CACHE);
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'usertrail');
}

/** Is there room for `bytes` more? Said before the download, not after nine tenths of it. */
export function requireSpace(directory, bytes) {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < bytes) {
    throw new Problem(`not enough space in ${directory}: ${megabytes(bytes)} MB needed, ${megabytes(bavail * bsize)} MB free`);
  }
}

/**
 * Runs `work(staging)` while no other run works on `name`, in a directory of its own that is gone afterwards. The lock saves
 * a second download, no more: results come into place by rename, so that two runs at once are merely wasteful.
 */
export async function alone(cache, name, work) {
  const lock = join(cache, `.${name}.lock`);
  let waited = false;
  while (!take(lock)) {
    if (!waited) say(`${name}: waiting for another run (process ${owner(lock) ?? '?'}) to fetch it`);
    waited = true;
    await sleep(300);
  }
  const release = () => {
    if (owner(lock) === process.pid) rmSync(lock, { force: true });
  };
  const interrupted = (signal) => {
    release();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    removeAbandoned(cache, name);
    const staging = mkdtempSync(join(cache, `.${name}.${process.pid}.`));
    try {
      return await work(staging);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  } catch (error) {
    if (error.code === 'ENOSPC') throw new Problem(`${name}: the disk under ${cache} is full`);
    if (error.code === 'EACCES' || error.code === 'EROFS') throw new Problem(`${name}: ${cache} cannot be written: ${error.message}`);
    throw error;
  } finally {
    release();
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}

/** Moves a finished directory into place, setting aside one that is there but not whole. */
export function install(finished, target, staging) {
  if (existsSync(target)) renameSync(target, join(staging, 'replaced'));
  renameSync(finished, target);
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const pid = owner(lock);
  // No pid yet: its owner is just about to write it, unless it was killed there; the next look will show.
  if (pid === process.pid || (pid !== undefined && !alive(pid))) rmSync(lock, { force: true });
  return false;
}

function owner(lock) {
  try {
    return Number.parseInt(readFileSync(lock, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Staging directories of runs that were killed. */
function removeAbandoned(cache, name) {
  for (const entry of readdirSync(cache)) {
    const pid = entry.startsWith(`.${name}.`) ? Number.parseInt(entry.slice(name.length + 2), 10) : Number.NaN;
    if (pid && !alive(pid)) rmSync(join(cache, entry), { recursive: true, force: true });
  }
}
