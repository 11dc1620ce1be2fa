#!/usr/bin/env node
// Weighs what was built as it is sent, gzipped, and refuses what is over the budget.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8"));
const weigh = (file) => statSync(join(dist, `${file}.gz`)).size;
const kB = (bytes) => Math.round(bytes / 102.4) / 10;

/** A chunk with everything that it imports at once: what is asked for before it can run. */
function closure(key, seen = new Set()) {
  if (!seen.has(key)) {
    seen.add(key);
    for (const next of manifest[key].imports ?? []) closure(next, seen);
  }
  return seen;
}

const filesOf = (keys) => [...keys].map((key) => manifest[key].file);
const stylesOf = (keys) => [...new Set([...keys].flatMap((key) => manifest[key].css ?? []))];
const sum = (files) => [...new Set(files)].reduce((all, file) => all + weigh(file), 0);

// The page itself says what the browser asks for before there is anything to see.
const page = readFileSync(join(dist, "index.html"), "utf8");
const named = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, file]) => file);
const firstScripts = named.filter((file) => file.endsWith(".js"));
const firstStyles = named.filter((file) => file.endsWith(".css"));
const firstList = new Set(
  Object.keys(manifest)
    .filter((key) => firstScripts.includes(manifest[key].file))
    .flatMap((key) => [...closure(key)]),
);
const words = Object.keys(manifest).filter((key) => key.includes("virtual:words/"));
// The calendar is loaded by whoever wants own dates, the map by whoever opens it.
const limits = { "src/list/controls/Dates.tsx": 35, "src/charts/Map.tsx": 50 };
const lines = [
  ["JavaScript of the first list", sum([...firstScripts, ...filesOf(firstList)]), 240],
  ["CSS of the first list", sum([...firstStyles, ...stylesOf(firstList)]), 18],
  ...words.map((key) => [`words ${key.slice(-2)}`, weigh(manifest[key].file), 14]),
  ...Object.keys(manifest)
    .filter((key) => manifest[key].isDynamicEntry && !words.includes(key))
    .map((key) => {
      const own = [...closure(key)].filter((chunk) => !firstList.has(chunk));
      return [key.replace("src/", ""), sum([...filesOf(own), ...stylesOf(own)]), limits[key] ?? 35];
    }),
];
let over = 0;
for (const [name, bytes, limit] of lines) {
  const bad = bytes > limit * 1024;
  over += bad ? 1 : 0;
  console.log(`${bad ? "OVER " : "     "}${String(kB(bytes)).padStart(6)} kB of ${limit}: ${name}`);
}
if (words.length !== 3) throw new Error(`words of ${words.length} languages were built`);
const total = readdirSync(join(dist, "assets")).filter((file) => file.endsWith(".br")).length;
console.log(`sizes: ${total} files, ${over} over the budget`);
process.exit(over === 0 ? 0 : 1);
