import { defineConfig } from "@playwright/test";
import shared from "../playwright.config";

/** Pictures are no tests: they have an installation of their own, with the demo's data. */
const { globalSetup: _, ...rest } = shared;

export default defineConfig({ ...rest, testDir: ".", testMatch: "shots.ts", timeout: 900_000, workers: 1 });
