import { fileURLToPath } from "node:url";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { firstChunk } from "./tools/first-chunk.ts";
import { firstPaint } from "./tools/first-paint.ts";
import { words } from "./tools/words.ts";

const parser = "@formatjs/icu-messageformat-parser";

export default defineConfig({
  plugins: [
    react(),
    words(fileURLToPath(new URL("./src/words", import.meta.url))),
    firstPaint(fileURLToPath(new URL("./src/styles/first-paint.js", import.meta.url))),
    { ...optimizeLocales.vite({ locales: ["en-US", "ru-RU", "cs-CZ"] }), enforce: "pre" },
  ],
  resolve: {
    // Messages are parsed when the console is built, so the browser is spared the parser.
    alias: [{ find: new RegExp(`^${parser}$`), replacement: `${parser}/no-parser.js` }],
  },
  build: {
    target: "es2022",
    // No `data:` addresses: the policy lets images and fonts come from the origin alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: firstChunk(fileURLToPath(new URL("./src/main.tsx", import.meta.url))) }],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/session", "/sign-in"].map((path) => [path, process.env["USERTRAIL_URL"] ?? "http://127.0.0.1:8080"]),
    ),
  },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx", "tools/**/*.test.ts"], environment: "node" },
});
