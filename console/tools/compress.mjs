#!/usr/bin/env node
// Compresses what was built, once and as hard as it goes, so that the server compresses nothing while it answers.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
// The manifest is for `sizes.mjs` and the tests; nobody is served it.
const kinds = /\.(js|css|svg|json|html)$/;

let files = 0;
let before = 0;
let after = 0;
for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  const file = join(dist, name);
  if (name.startsWith(".vite") || !kinds.test(name) || !statSync(file).isFile()) continue;
  const content = readFileSync(file);
  const brotli = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  });
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${file}.br`, brotli);
  files += 1;
  before += content.length;
  after += brotli.length;
}
if (files === 0) {
  rmSync(dist, { recursive: true, force: true });
  throw new Error("nothing was built");
}
console.log(`compressed ${files} files: ${Math.round(before / 1024)} kB, as brotli ${Math.round(after / 1024)} kB`);
