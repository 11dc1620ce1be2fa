import type { components, paths as Served } from "../../../clients/typescript/src/schema";
import type { PendingPaths } from "./pending";

/** A schema of the API, by its name: `Schema<"Event">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** Every path that the console calls. */
export type Paths = Omit<Served, keyof PendingPaths> & PendingPaths;

export type Event = Schema<"Event">;
export type Change = Schema<"Change">;
export type Edit = Schema<"Edit">;
export type Permission = Schema<"Permission">;
export type PeriodView = Schema<"PeriodView">;
export type PlanView = Schema<"PlanView">;
