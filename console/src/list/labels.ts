/** Names of ids that were seen or picked: a chip says "Jana Nováková", while the address has `u-17`. */
const names = new Map<string, string>();

export function learn(param: string, id: string, name: string | null | undefined): void {
  if (name !== undefined && name !== null && name !== "") {
    names.set(`${param} ${id}`, name);
  }
}

export function nameOf(param: string, id: string): string {
  return names.get(`${param} ${id}`) ?? id;
}
