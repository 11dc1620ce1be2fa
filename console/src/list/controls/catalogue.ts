/** The catalogue as a tree: modules with their types, each by its name in the reader's language. */
export interface TypeNode {
  id: string;
  name: string;
  class: string;
}

export interface ModuleNode {
  id: string;
  name: string;
  types: TypeNode[];
}

interface Entry {
  type: string;
  name: string;
  class: string;
  module: string;
  labels: { module?: string };
}

/** Modules by name, the types of each by name; what has no module stands last. */
export function tree(entries: readonly Entry[], locale: string): ModuleNode[] {
  const modules = new Map<string, ModuleNode>();
  for (const { type, name, class: kind, module, labels } of entries) {
    const node = modules.get(module) ?? { id: module, name: labels.module ?? module, types: [] };
    node.types.push({ id: type, name: name || type, class: kind });
    modules.set(module, node);
  }
  const { compare } = new Intl.Collator(locale);
  const sorted = [...modules.values()].sort(
    (a, b) => Number(a.id === "") - Number(b.id === "") || compare(a.name, b.name),
  );
  sorted.forEach(({ types }) => types.sort((a, b) => compare(a.name, b.name)));
  return sorted;
}

/** What is left of the tree for what is typed; a module that is called so is whole. */
export function search(modules: readonly ModuleNode[], text: string, locale: string): ModuleNode[] {
  const wanted = text.trim().toLocaleLowerCase(locale);
  if (wanted === "") {
    return [...modules];
  }
  const has = (name: string) => name.toLocaleLowerCase(locale).includes(wanted);
  return modules.flatMap((module) => {
    const types = has(module.name) ? module.types : module.types.filter(({ id, name }) => has(name) || has(id));
    return types.length === 0 ? [] : [{ ...module, types }];
  });
}

/** Whether all, some or none of a module's types are chosen. */
export function stateOf(types: readonly TypeNode[], chosen: ReadonlySet<string>): "all" | "some" | "none" {
  const count = types.filter(({ id }) => chosen.has(id)).length;
  return count === 0 ? "none" : count === types.length ? "all" : "some";
}

/** All or none of these types. */
export function choose(chosen: ReadonlySet<string>, types: readonly TypeNode[], on: boolean): string[] {
  const next = new Set(chosen);
  types.forEach(({ id }) => (on ? next.add(id) : next.delete(id)));
  return [...next];
}
