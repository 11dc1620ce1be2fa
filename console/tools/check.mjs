#!/usr/bin/env node
// Checks what no compiler and no linter does: which part may use which, how long a file may be, who may send requests, and that
// every language has every word in every form that it needs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "@formatjs/icu-messageformat-parser";

const src = fileURLToPath(new URL("../src", import.meta.url));
const problems = [];
const report = (file, text) => problems.push(`${file}: ${text}`);

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => /\.(tsx?|css|js)$/.test(file));
const longest = 300;

// pages → list → fields → {data, kit, charts} → {time, words, keys}; the shell stands above all of them.
const layers = {
  shell: 0,
  pages: 1,
  list: 2,
  fields: 3,
  data: 4,
  kit: 4,
  charts: 4,
  time: 5,
  words: 5,
  keys: 5,
  styles: 5,
};
// Leaves that everybody may use, and the top that uses everybody.
const leaves = new Set(["paths.ts", "address.ts"]);
const tops = new Set(["main.tsx", "router.tsx", "routes.tsx"]);
const partOf = (file) => (file.includes("/") ? file.split("/")[0] : file);
// Within a layer parts keep apart, so that the kit knows no API and data no picture. Charts may be made of the kit.
const siblings = new Set(["charts kit"]);

function mayUse(from, to) {
  if (from === to || leaves.has(to) || tops.has(from)) return true;
  if (tops.has(to)) return from === "shell";
  const [above, below] = [layers[from], layers[to]];
  return above !== undefined && below !== undefined && (above < below || siblings.has(`${from} ${to}`));
}

const pageOf = (file) => (file.startsWith("pages/") ? file.split("/")[1] : undefined);

function target(file, specifier) {
  const path = relative(src, join(src, dirname(file), specifier));
  return (
    ["", ".ts", ".tsx"].map((end) => path + end).find((one) => existsSync(join(src, one)) && /\.\w+$/.test(one)) ?? path
  );
}

for (const file of files) {
  const text = readFileSync(join(src, file), "utf8");
  const lines = text.split("\n").length - 1;
  if (lines > longest) report(file, `${lines} lines; at most ${longest}`);
  if (!/\.tsx?$/.test(file) || file.endsWith(".d.ts")) continue;
  const part = partOf(file);
  for (const [, specifier] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
    const used = target(file, specifier);
    if (used.startsWith("..")) {
      if (part !== "data") report(file, `imports ${specifier}; the generated client belongs to data/`);
      continue;
    }
    // Types of rows are the API's; taking them makes nobody send a request.
    const typesOnly = new RegExp(`import type [^;]*from "${specifier.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}"`).test(
      text,
    );
    if (!mayUse(part, partOf(used)) && !(typesOnly && used === "data/schema.ts")) {
      report(file, `imports ${used}: ${part} may not use ${partOf(used)}`);
    }
    if (pageOf(file) !== undefined && pageOf(used) !== undefined && pageOf(file) !== pageOf(used)) {
      report(file, `imports ${used}: a page never imports another page`);
    }
  }
  const code = text
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$|"(?:[^"\\\n]|\\.)*"|`[^`]*`/gm, "")
    .replace(/\bimport\b[^;]*;|\bexport\b[^;]*\bfrom\b/g, "");
  if (part !== "data" && /(?<![\w.])fetch\(|\b(XMLHttpRequest|EventSource|sendBeacon)\b/.test(code)) {
    report(file, "sends requests; only data/ does");
  }
  const cast = /\bas (?!const\b)\w/.exec(code);
  if (cast !== null && part !== "data" && !/\.test\.tsx?$/.test(file)) report(file, "has a cast; only data/ may");
  if (/dangerouslySetInnerHTML|innerHTML|\beval\(/.test(text)) report(file, "writes HTML or runs text");
}

const languages = ["en", "ru", "cs"];
const words = Object.fromEntries(languages.map((language) => [language, readWords(language)]));

function readWords(language) {
  const all = {};
  for (const file of readdirSync(join(src, "words", language)).sort()) {
    const area = file.replace(".json", "");
    for (const [key, message] of Object.entries(JSON.parse(readFileSync(join(src, "words", language, file), "utf8")))) {
      if (key in all) report(`words/${language}/${file}`, `${key} stands twice`);
      if (key.split(".")[0] !== area) report(`words/${language}/${file}`, `${key} belongs into another file`);
      all[key] = message;
    }
  }
  return all;
}

/** The variables of a message, and the plural forms of each that it counts by. */
function shape(message) {
  const names = new Set();
  const plurals = [];
  const walk = (nodes) => {
    for (const node of nodes) {
      if (node.type !== 0 && node.type !== 7) names.add(node.value);
      if (node.type === 6) plurals.push(new Set(Object.keys(node.options).filter((form) => !form.startsWith("="))));
      for (const { value } of Object.values(node.options ?? {})) walk(value);
      if (node.children) walk(node.children);
    }
  };
  walk(parse(message));
  return { names: [...names].sort().join(), plurals };
}

for (const language of languages) {
  const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  for (const [key, message] of Object.entries(words[language])) {
    const where = `words/${language}`;
    if (!(key in words.en)) report(where, `${key} is not in English`);
    if (message.trim() === "") report(where, `${key} is empty`);
    const { names, plurals } = shape(message);
    if (key in words.en && names !== shape(words.en[key]).names)
      report(where, `${key} has other variables than in English`);
    for (const forms of plurals) {
      for (const form of needed.filter((one) => !forms.has(one)))
        report(where, `${key} lacks the plural form “${form}”`);
    }
  }
  for (const key of Object.keys(words.en))
    if (!(key in words[language])) report(`words/${language}`, `${key} is missing`);
}

const code = files
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => readFileSync(join(src, file), "utf8"))
  .join("\n");
for (const key of Object.keys(words.en)) {
  // Keys that are put together from a word of the API end in one; their beginning is looked for.
  const parts = key.split(".");
  const found = parts.some((_, at) => {
    const [head, tail] = [parts.slice(0, parts.length - at).join("."), at > 0];
    return tail
      ? code.includes(`${head}.\${`) || code.includes(`known("${head}"`)
      : code.includes(`"${head}"`) || code.includes(`'${head}'`);
  });
  if (!found && !key.startsWith("time.")) report("words", `${key} is used nowhere`);
}

problems.forEach((problem) => console.error(problem));
console.log(
  `check: ${files.length} files, ${Object.keys(words.en).length} words in ${languages.length} languages, ${problems.length} problems`,
);
process.exit(problems.length === 0 ? 0 : 1);
