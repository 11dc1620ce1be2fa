import { describe, expect, it } from "vitest";
import type { Words } from "../words/words";
import { signalWords } from "./signals";

const words: Words = {
  t: (key, values) => (values?.["value"] === undefined ? key : `${key} ${values["value"]}`),
  known: (_prefix, word) => word,
  locale: "en",
};

describe("signals of a sign-in", () => {
  it("are said in the order of their weight, each once", () => {
    const signals = { new_ip: true, travel_km: 2400.4, new_country: true, device_access: "block", local_hour: 3 };
    expect(signalWords(signals, words)).toEqual([
      "user.signal.device_access.block",
      "user.signal.new_country",
      "user.signal.new_ip",
      "user.signal.travel_km 2,400",
    ]);
  });

  it("leave out what is as ever", () => {
    expect(signalWords({ devices_24h: 1, sessions_active: 1, days_since_seen: 2, new_device: false }, words)).toEqual(
      [],
    );
    expect(signalWords({}, words)).toEqual([]);
  });
});
