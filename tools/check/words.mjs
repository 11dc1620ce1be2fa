// Words that this project has given up for those of the field: CONTRIBUTING.md lists them. Names are looked for where names are
// made, in the code outside of comments and texts; words that begin with a small letter, in comments.
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

const list = readFileSync('CONTRIBUTING.md', 'utf8');
const table = list.slice(list.indexOf('| not | but |')).split('\n\n')[0];
const rows = table.split('\n').slice(2).map((row) => row.split('|').map((cell) => cell.trim()));
const words = new Map(
  rows.flatMap(([, not, but]) => not.split(', ').map((word) => [word.replaceAll('`', ''), but])),
);
if (words.size === 0) throw new Error('CONTRIBUTING.md has no list of words');

// A line without what its texts hold, cut where its comment begins.
function parts(line) {
  const bare = line.trimStart().startsWith('//') ? line : line.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const at = bare.indexOf('//');
  return at < 0 ? [bare, ''] : [bare.slice(0, at), bare.slice(at)];
}

const files = execFileSync('git', ['ls-files', '*.rs'], { encoding: 'utf8' }).trim().split('\n');
let found = 0;
for (const file of files) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const refuse = (at, where, word, but) => {
    found += 1;
    console.error(`${file}:${at + 1}: "${word}" in ${where} was given up (CONTRIBUTING.md, Words); say ${but}`);
  };
  lines.forEach((line, at) => {
    const [code, comment] = parts(line);
    for (const [, word] of code.matchAll(/\b([A-Z][A-Za-z]*)\b/g)) {
      if (words.has(word)) refuse(at, 'the code', word, words.get(word));
    }
    for (const [word] of comment.matchAll(/\b[A-Za-z]+\b/g)) {
      const but = words.get(word.toLowerCase());
      if (but) refuse(at, 'a comment', word, but);
    }
  });
}
console.log(`words: ${words.size} given up, ${found} found in ${files.length} files`);
process.exit(found === 0 ? 0 : 1);
