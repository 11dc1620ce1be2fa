/** A place in the reader's language: `Brno, Czechia`. */
const regions = new Map<string, Intl.DisplayNames>();

function regionsOf(locale: string): Intl.DisplayNames {
  const known = regions.get(locale);
  if (known !== undefined) {
    return known;
  }
  const names = new Intl.DisplayNames(locale, { type: "region", fallback: "code" });
  regions.set(locale, names);
  return names;
}

/** The country's name, or its code where the browser knows no name. */
export function countryName(code: string, locale: string): string {
  return /^[A-Z]{2}$/.test(code) ? (regionsOf(locale).of(code) ?? code) : code;
}

/** City and country; nothing where nobody knows. */
export function placeName(
  place: { city?: string; country: string } | null | undefined,
  locale: string,
): string | undefined {
  if (place === null || place === undefined || place.country === "") {
    return undefined;
  }
  const country = countryName(place.country, locale);
  return place.city === undefined || place.city === "" ? country : `${place.city}, ${country}`;
}
