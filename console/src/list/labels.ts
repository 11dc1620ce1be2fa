/** Names of ids that were seen or picked: a chip says "Jana Nováková", while the address has `u-17`. */
const names = new Map<string, string>();

export function learn(param: string, id: string, name: string | null | undefined): void {
  if (name !== undefined && name !== null && name !== "") {
    names.set(`${param} ${id}`, name);
  }
}

/** More names than this in a chip are a number. */
export const nameInChip = 3;

export function named(param: string, id: string): boolean {
  return names.has(`${param} ${id}`);
}

export function nameOf(param: string, id: string): string {
  return names.get(`${param} ${id}`) ?? id;
}
