import { Bot, Laptop, MonitorSmartphone, Smartphone, Tablet, Terminal, Tv, Watch } from "lucide-react";
import type { Schema } from "../data/schema";
import { useWords, type Words } from "../words/words";

type Device = Pick<Schema<"Device">, "kind" | "browser" | "browser_version" | "os" | "os_version" | "model">;

const icons: Record<string, typeof Laptop> = {
  desktop: Laptop,
  mobile: Smartphone,
  tablet: Tablet,
  tv: Tv,
  wearable: Watch,
  bot: Bot,
  script: Terminal,
};

/** What a device is called: its model, or else its kind, and what runs on it. */
export function deviceName(device: Device, { known }: Pick<Words, "known">): string {
  const kind = device.model === undefined || device.model === "" ? known("user.kind", device.kind) : device.model;
  const software = [device.browser, device.os].filter((part) => part !== "").join(", ");
  return software === "" ? kind : `${kind} · ${software}`;
}

/** The kind of a device, by icon and word. */
export function DeviceKind({ device }: { device: Device }) {
  const { known } = useWords();
  const Icon = icons[device.kind] ?? MonitorSmartphone;
  const kind = known("user.kind", device.kind);
  return (
    <>
      <Icon size={14} aria-hidden />
      <span>{device.model === undefined || device.model === "" ? kind : device.model}</span>
    </>
  );
}

/** A program with its version. */
export function versioned(name: string, version: string): string {
  return version === "" ? name : `${name} ${version}`;
}
