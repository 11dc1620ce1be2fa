import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "@formatjs/icu-messageformat-parser";
import type { Plugin } from "vite";

const prefix = "virtual:words/";

/** All messages of a language: each area of the console has a file of its own. */
export function read(folder: string, language: string): Record<string, string> {
  const all: Record<string, string> = {};
  for (const file of readdirSync(join(folder, language)).sort()) {
    const area: Record<string, string> = JSON.parse(readFileSync(join(folder, language, file), "utf8"));
    for (const [key, message] of Object.entries(area)) {
      if (key in all) {
        throw new Error(`${language}/${file}: ${key} stands in another file, too`);
      }
      all[key] = message;
    }
  }
  return all;
}

/** Messages as syntax trees; one that is nothing but text stays text, which the browser makes a tree of. */
export function compile(messages: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(messages).map(([key, message]) => {
      try {
        const tree = parse(message, { captureLocation: false, requiresOtherClause: true });
        const [only] = tree;
        return [key, tree.length === 1 && only?.type === 0 ? only.value : tree];
      } catch (error) {
        throw new Error(`${key}: ${String(error)}`, { cause: error });
      }
    }),
  );
}

/** `import("virtual:words/ru")` has one language, merged and compiled when the console is built. */
export function words(folder: string): Plugin {
  return {
    name: "usertrail:words",
    resolveId(id) {
      return id.startsWith(prefix) ? `\0${id}` : null;
    },
    load(id) {
      if (!id.startsWith(`\0${prefix}`)) {
        return null;
      }
      const language = id.slice(prefix.length + 1);
      for (const file of readdirSync(join(folder, language))) {
        this.addWatchFile(join(folder, language, file));
      }
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(compile(read(folder, language))))});`;
    },
  };
}
