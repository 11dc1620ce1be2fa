#!/usr/bin/env node
// Follows the links between the repository's own documents: the file that one names has to be there, and the heading, too.
// Addresses elsewhere are left alone: a check of ours should not depend on others.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], { encoding: 'utf8' });
const documents = git.stdout.split('\0').filter((file) => file && existsSync(file));

/** A document without its fenced code, where brackets are not links. */
const prose = (file) => readFileSync(file, 'utf8').replace(/^(```|~~~).*?^\1/gms, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''));

/** What a heading is called in a link, as the usual renderers have it. */
function anchors(file) {
  const seen = new Map();
  return new Set(
    [...readFileSync(file, 'utf8').replace(/^(```|~~~).*?^\1/gms, '').matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading]) => {
      const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
      const name = text.trim().toLowerCase().replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replace(/ /g, '-');
      const count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      return count === 0 ? name : `${name}-${count}`;
    }),
  );
}

const broken = [];
let followed = 0;
for (const document of documents) {
  for (const [, target] of prose(document).matchAll(/\]\(<?([^)>\s]+)>?(?: "[^"]*")?\)/g)) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
    followed += 1;
    const [path, anchor] = target.split('#');
    const file = path ? normalize(join(dirname(document), decodeURIComponent(path))) : document;
    if (file.startsWith('..') || !existsSync(file)) broken.push(`${document}: ${target} is not there`);
    else if (anchor && file.endsWith('.md') && !anchors(file).has(decodeURIComponent(anchor))) broken.push(`${document}: ${target} has no such heading`);
  }
}
for (const line of broken) process.stderr.write(`${line}\n`);
process.stdout.write(`links: ${followed} followed in ${documents.length} documents, ${broken.length} broken\n`);
process.exitCode = broken.length === 0 && followed > 0 ? 0 : 1;
