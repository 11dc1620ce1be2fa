import { createContext } from "react";
import type { Event } from "../data/schema";

/** Asks for what a row deleted to be brought back; the page knows how, the row where the button stands. */
export const RestoreContext = createContext<((event: Event) => void) | undefined>(undefined);
