import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { ChevronDown, ChevronUp, Maximize2 } from "lucide-react";
import { useAddress } from "../../address";
import { event as eventQuery } from "../../data/events";
import type { Event } from "../../data/schema";
import type { Fact } from "../../fields/list";
import { useShortcut } from "../../keys/useShortcut";
import { Drawer } from "../../kit/Drawer";
import { IconButton } from "../../kit/IconButton";
import { Skeleton } from "../../kit/Skeleton";
import { paths } from "../../paths";
import { useWords } from "../../words/words";
import { ProblemState } from "../ProblemState";

/** Nobody waits for details before there are rows. */
const EventDetails = lazy(() => import("./EventDetails"));

interface EventDrawerProps {
  id: string;
  /** The row, where it is among those that were read; else it is read by its id. */
  row: Event | undefined;
  step: ((by: 1 | -1) => void) | undefined;
  onClose: () => void;
  onFact: (fact: Fact) => void;
}

/** An event beside the list. A row that is there already is not read again: a read is on record. */
export function EventDrawer({ id, row, step, onClose, onFact }: EventDrawerProps) {
  const { t } = useWords();
  const { go } = useAddress();
  const found = useQuery({ ...eventQuery({ id }), enabled: row === undefined });
  const shown = row ?? found.data?.data;
  useShortcut("openObject", () => {
    const object = shown?.object;
    return object ? go(paths.object(object.type, object.id)) : false;
  });
  return (
    <Drawer
      label={t("shell.title.event")}
      onClose={onClose}
      tools={
        <>
          <IconButton
            label={t("list.previous")}
            shortcut="k"
            isDisabled={step === undefined}
            onPress={() => step?.(-1)}
          >
            <ChevronUp size={16} aria-hidden />
          </IconButton>
          <IconButton label={t("list.next")} shortcut="j" isDisabled={step === undefined} onPress={() => step?.(1)}>
            <ChevronDown size={16} aria-hidden />
          </IconButton>
          <IconButton label={t("list.own_page")} onPress={() => go(paths.event(id, shown?.source))}>
            <Maximize2 size={14} aria-hidden />
          </IconButton>
        </>
      }
    >
      {shown !== undefined ? (
        <Suspense fallback={<Skeleton rows={8} label={t("common.loading")} />}>
          <EventDetails event={shown} onFact={onFact} />
        </Suspense>
      ) : found.isError ? (
        <ProblemState error={found.error} onRetry={() => void found.refetch()} />
      ) : (
        <Skeleton rows={8} label={t("common.loading")} />
      )}
    </Drawer>
  );
}
