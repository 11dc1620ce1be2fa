#!/usr/bin/env node
// Fetches what a build and a run need besides the crates, into a cache outside the work tree:
//
//   node tools/fetch.mjs            the ClickHouse engine, the geolocation database, an identity provider for
//                                   tests; checks the compilers
//   node tools/fetch.mjs --tools    the compilers alone
//   node tools/fetch.mjs --kafka    Apache Kafka, for the tests and benches that also run against it
//
// The cache is $USERTRAIL_CACHE, or $XDG_CACHE_HOME/usertrail, or ~/.cache/usertrail. What is there already is left alone.
// Exit codes: 0 all there; 1 something failed (said on stderr); 2 wrong arguments; 3 no Java 17 or no Maven for --kafka.

import { mkdirSync, readFileSync } from 'node:fs';
import { Problem, cacheDirectory, say } from './fetch/common.mjs';
import { fetchKafka } from './fetch/kafka.mjs';
import { fetchModules } from './fetch/modules.mjs';
import { fetchPackage } from './fetch/packages.mjs';
import { ensureTools } from './fetch/system.mjs';

async function main(args) {
  const unknown = args.find((argument) => !['--kafka', '--tools'].includes(argument));
  if (unknown) throw new Problem(`unknown argument ${unknown}; usage: node tools/fetch.mjs [--kafka | --tools]`, 2);
  const { packages, tools } = JSON.parse(readFileSync(new URL('dependencies.json', import.meta.url), 'utf8'));
  if (args.includes('--tools')) return ensureTools(tools);

  const cache = cacheDirectory();
  try {
    mkdirSync(cache, { recursive: true });
  } catch (error) {
    throw new Problem(`cannot create the cache ${cache}: ${error.message}. Set USERTRAIL_CACHE to a directory you can write.`);
  }
  if (args.includes('--kafka')) return fetchKafka(cache);

  ensureTools(tools);
  for (const item of packages) await fetchPackage(cache, item);
  await fetchModules(cache, new URL('oidc/', import.meta.url));
  say(`dependencies are in ${cache}`);
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`fetch: ${error instanceof Problem ? error.message : error.stack}\n`);
  process.exitCode = error instanceof Problem ? error.code : 1;
});
