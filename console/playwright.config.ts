import { defineConfig, devices } from "@playwright/test";

// Debian's own; nothing is ever downloaded. Set by tools/console-tests.
const chromium = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: "tests",
  testMatch: "**/*.spec.ts",
  globalSetup: "./tests/support/setup.ts",
  outputDir: "../target/console-tests",
  // One installation for all, a tenant for each journey: two at a time are what two cores take.
  workers: 2,
  fullyParallel: false,
  forbidOnly: process.env["CI"] !== undefined,
  retries: 0,
  maxFailures: Number(process.env["MAX_FAILURES"] ?? 0),
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    viewport: { width: 1440, height: 900 },
    // Not the tenant's: what is shown in the tenant's zone is shown by choice, not by luck.
    timezoneId: "America/New_York",
    actionTimeout: 20_000,
    navigationTimeout: 20_000,
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: { executablePath: chromium, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] },
  },
});
