/** The parts of a manifest whose numbers are category ids, at any depth. Every other file speaks of them by position. */
const idParts = ['classes', 'paths'] as const;

function mapNumbers(value: unknown, map: (id: number) => number): unknown {
  if (typeof value === 'number') return map(value);
  return Array.isArray(value) ? value.map((part) => mapNumbers(part, map)) : value;
}

/** The manifest with every category id replaced by `map` of it; all else stays. */
export function mapCategoryIds<T extends object>(manifest: T, map: (id: number) => number): T {
  const parts = idParts
    .filter((part) => part in manifest)
    .map((part) => [part, mapNumbers((manifest as Record<string, unknown>)[part], map)]);
  return { ...manifest, ...Object.fromEntries(parts) };
}

/** The category ids that a manifest uses. */
export function categoryIds(manifest: object): Set<number> {
  const ids = new Set<number>();
  mapCategoryIds(manifest, (id) => {
    ids.add(id);
    return id;
  });
  return ids;
}
