interface Context {
  getModuleInfo: (id: string) => { importedIds: readonly string[] } | null;
}

/**
 * One file for all that the first page needs: the bundler would put whatever another page shares with it into files of their own,
 * and the browser would ask for twenty where one does.
 */
export function firstChunk(entry: string): (id: string, context: Context) => string | null {
  let first: Set<string> | undefined;
  return (id, context) => {
    if (first === undefined) {
      first = new Set([entry]);
      for (const one of first) {
        context.getModuleInfo(one)?.importedIds.forEach((next) => first?.add(next));
      }
    }
    return first.has(id) ? "console" : null;
  };
}
