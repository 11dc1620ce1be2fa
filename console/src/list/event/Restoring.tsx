import { lazy, type ReactNode, Suspense, useState } from "react";
import type { Event } from "../../data/schema";
import { RestoreContext } from "../../fields/restore";

const RestoreDialog = lazy(() => import("./RestoreDialog"));

/** Rows within may ask for what they deleted to be brought back; the question is put once, over the page. */
export function Restoring({ children }: { children: ReactNode }) {
  const [event, setEvent] = useState<Event>();
  return (
    <RestoreContext value={setEvent}>
      {children}
      {event === undefined ? null : (
        <Suspense fallback={null}>
          <RestoreDialog event={event} onClose={() => setEvent(undefined)} />
        </Suspense>
      )}
    </RestoreContext>
  );
}
