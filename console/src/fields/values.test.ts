import { expect, it } from "vitest";
import { deviceText, placeText, valueText } from "./values";

it("shows values as people read them", () => {
  expect(valueText("Praha")).toBe("Praha");
  expect(valueText(0)).toBe("0");
  expect(valueText(false)).toBe("false");
  expect(valueText(["a", 1])).toBe('["a",1]');
  expect([valueText(null), valueText(undefined), valueText("")]).toEqual([undefined, undefined, undefined]);
});

it("names places and devices as far as they are known", () => {
  expect(placeText({ city: "Brno", country: "CZ" }, "cs")).toBe("Brno, Česko");
  expect(placeText({ country: "" }, "en")).toBeUndefined();
  expect(placeText({ country: "ZZZZ" }, "en")).toBe("ZZZZ");
  const unknown = { browser: "", browser_version: "", os: "", os_version: "", kind: "bot" };
  expect(deviceText(unknown)).toBe("bot");
  expect(
    deviceText({ ...unknown, browser: "Firefox", browser_version: "141.0.2", os: "Windows", os_version: "11" }),
  ).toBe("Firefox 141, Windows 11");
  expect(deviceText(null)).toBeUndefined();
});
