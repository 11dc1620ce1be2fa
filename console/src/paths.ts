/** Every address of the console, built in one place; a snapshot test keeps them as they are, because people share them. */
type Search = Readonly<Record<string, string | undefined>>;

/** A list's commas are part of what people read in the address, and the API takes them bare. */
export function toSearch(search: Search): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined) {
      params.set(name, value);
    }
  }
  const text = params.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text === "" ? "" : `?${text}`;
}

const part = encodeURIComponent;

export const paths = {
  home: () => "/",
  setup: () => "/setup",
  events: (search: Search = {}) => `/events${toSearch(search)}`,
  /** The log as it is opened: by a period that every plan has. */
  log: (search: Search = {}) => paths.events({ period: "last_30_days", ...search }),
  event: (id: string, source?: string) => `/events/${part(id)}${toSearch({ source: source || undefined })}`,
  object: (type: string, id: string, search: Search = {}) => `/objects/${part(type)}/${part(id)}${toSearch(search)}`,
  users: (search: Search = {}) => `/users${toSearch(search)}`,
  user: (id: string, search: Search = {}) => `/users/${part(id)}${toSearch(search)}`,
  userSignIns: (id: string, search: Search = {}) => `/users/${part(id)}/sign-ins${toSearch(search)}`,
  userActivity: (id: string, search: Search = {}) => `/users/${part(id)}/activity${toSearch(search)}`,
  violations: (search: Search = {}) => `/violations${toSearch(search)}`,
  violation: (id: string, search: Search = {}) => `/violations/${part(id)}${toSearch(search)}`,
};
