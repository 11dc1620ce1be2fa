import type { ReactNode } from "react";
import { asProblem } from "../data/problem";
import { ErrorState } from "../kit/ErrorState";
import { useWords } from "../words/words";
import { problemWords } from "./problems";

interface ProblemStateProps {
  error: unknown;
  onRetry?: () => void;
  children?: ReactNode;
}

/** A request that failed, said by its code in the reader's language. */
export function ProblemState({ error, onRetry, children }: ProblemStateProps) {
  const words = useWords();
  return (
    <ErrorState {...problemWords(asProblem(error), words)} {...(onRetry === undefined ? {} : { onRetry })}>
      {children}
    </ErrorState>
  );
}
