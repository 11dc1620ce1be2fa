import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Plugin } from "vite";

/**
 * The script that chooses the theme before the first paint must run before anything else, so it can't be a module; it is a file,
 * because the policy allows no inline script; and its name carries a hash, because assets are kept for a year.
 */
export function firstPaint(file: string): Plugin {
  let source = "";
  let reference = "";
  return {
    name: "usertrail:first-paint",
    configureServer(server) {
      server.middlewares.use("/first-paint.js", (_request, response) => {
        response.setHeader("content-type", "text/javascript");
        response.end(readFileSync(file));
      });
    },
    buildStart() {
      source = readFileSync(file, "utf8");
      if (this.environment.mode === "build") {
        reference = this.emitFile({ type: "asset", name: basename(file), source });
      }
    },
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }) {
        const emitted = Object.values(bundle ?? {}).find(
          (output) => output.type === "asset" && output.names.includes(basename(file)),
        );
        const src = emitted === undefined || reference === "" ? "/first-paint.js" : `/${emitted.fileName}`;
        return [{ tag: "script", attrs: { src }, injectTo: "head-prepend" }];
      },
    },
  };
}
