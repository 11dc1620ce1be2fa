// Words that this project has given up for those of the field: CONTRIBUTING.md lists them. Looked for where names are made, in
// the code outside of comments and texts.
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

const list = readFileSync('CONTRIBUTING.md', 'utf8');
const table = list.slice(list.indexOf('| not | but |')).split('\n\n')[0];
const rows = table.split('\n').slice(2).map((row) => row.split('|').map((cell) => cell.trim()));
const words = new Map(
  rows.flatMap(([, not, but]) => not.split(', ').map((word) => [word.replaceAll('`', ''), but])),
);
if (words.size === 0) throw new Error('CONTRIBUTING.md has no list of words');

const files = execFileSync('git', ['ls-files', '*.rs'], { encoding: 'utf8' }).trim().split('\n');
let found = 0;
for (const file of files) {
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.forEach((line, at) => {
    const code = line.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\/\/.*$/, '');
    for (const [, word] of code.matchAll(/\b([A-Z][A-Za-z]*)\b/g)) {
      if (words.has(word)) {
        found += 1;
        console.error(`${file}:${at + 1}: ${word}; say ${words.get(word)}`);
      }
    }
  });
}
console.log(`words: ${words.size} given up, ${found} found in ${files.length} files`);
process.exit(found === 0 ? 0 : 1);
