/** A value of a change or a state as people read it: text as it is, the rest as JSON; nothing where there is nothing. */
export function valueText(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") {
    return undefined;
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The country's name in the reader's language. */
export function countryName(code: string, locale: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

interface Geo {
  city?: string;
  region?: string;
  country: string;
}

/** Town and country, as far as they are known. */
export function placeText(geo: Geo | null | undefined, locale: string): string | undefined {
  if (geo === null || geo === undefined) {
    return undefined;
  }
  const country = geo.country === "" ? "" : countryName(geo.country, locale);
  const parts = [geo.city, country].filter((part) => part !== undefined && part !== "");
  return parts.length === 0 ? undefined : parts.join(", ");
}

interface Machine {
  browser: string;
  browser_version: string;
  os: string;
  os_version: string;
  model?: string;
  kind: string;
}

export function deviceText(device: Machine | null | undefined): string | undefined {
  if (device === null || device === undefined) {
    return undefined;
  }
  const [major] = device.browser_version.split(".");
  const browser = [device.browser, major].filter((part) => part !== "").join(" ");
  const system = [device.os, device.os_version].filter((part) => part !== "").join(" ");
  const parts = [browser, system, device.model ?? ""].filter((part) => part !== "");
  return parts.length === 0 ? device.kind || undefined : parts.join(", ");
}
