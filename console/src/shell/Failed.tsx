import type { Problem } from "../data/problem";
import { ProblemState } from "../list/ProblemState";

/** The console could not even learn who asks. */
export function Failed({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  return (
    <main>
      <ProblemState error={problem} onRetry={onRetry} />
    </main>
  );
}
