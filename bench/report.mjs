/** Prints rows of texts and numbers as a table. The first column is left-aligned. */
export function print(title, columns, rows) {
  const cells = [columns, ...rows].map((row) => columns.map((_, index) => shown(row[index])));
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index].length)));
  const line = (row) => row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[index]))).join('  ');
  console.log(`\n${title}\n`);
  console.log(line(cells[0]));
  console.log(widths.map((width) => '─'.repeat(width)).join('  '));
  for (const row of cells.slice(1)) console.log(line(row));
}

/** Prints whether all `rows` meet a goal, and returns the result with the `missed` rows. */
export function goal(text, rows, isMet) {
  if (rows.length === 0) {
    console.log(`  ${text}: not measured`);
    return { goal: text, met: null, missed: [] };
  }
  const missed = rows.filter((row) => !isMet(row)).map((row) => row.name);
  const verdict = missed.length === 0 ? 'met' : `not met by ${missed.length} of ${rows.length}: ${missed.join(', ')}`;
  console.log(`  ${text}: ${verdict}`);
  return { goal: text, met: missed.length === 0, missed };
}

export const milliseconds = (microseconds) => microseconds / 1000;

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function shown(cell) {
  if (cell === undefined || cell === null || Number.isNaN(cell)) return '–';
  if (typeof cell !== 'number') return String(cell);
  if (Math.abs(cell) >= 100 || Number.isInteger(cell)) return Math.round(cell).toLocaleString('en');
  return cell.toFixed(2);
}
