/** A column: its title, and its least width; a negative width aligns to the left, as in printf. */
export interface Column {
  readonly title: string;
  readonly width: number;
}

/** Rows under their titles, as the Java tool prints them; cells are not cut. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const titles = columns.map(({ title }) => title);
  return [titles, ...rows].map((cells) =>
    cells
      .map((cell, index) => padded(cell, columns[index]?.width ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function padded(cell: string, width: number): string {
  return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
}
