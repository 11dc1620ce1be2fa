import type { components } from "../../../clients/typescript/src/schema";

export type { paths as Paths } from "../../../clients/typescript/src/schema";

/** A schema of the API, by its name: `Schema<"Event">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

export type Event = Schema<"Event">;
export type Change = Schema<"Change">;
export type Edit = Schema<"Edit">;
export type Permission = Schema<"Permission">;
export type PeriodView = Schema<"PeriodView">;
export type PlanView = Schema<"PlanView">;
