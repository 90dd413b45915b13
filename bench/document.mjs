import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../dev/parts/places.mjs';
import { milliseconds } from './report.mjs';

/** Has the tables of the last run between two comments each. */
export const DOCUMENT = join(ROOT, 'docs', 'performance.md');

const TABLES = {
  bare: ({ warm }) => {
    const rows = warm?.bare?.rows.map(({ name, ours, pgbench, bare }) => [
      `\`${name}\``,
      ...[milliseconds(bare.p50).toFixed(2), times(pgbench.p50, bare.p50), times(ours.p50, bare.p50)],
      ...[milliseconds(bare.postgresCpu).toFixed(2), times(pgbench.postgresCpu, bare.postgresCpu)],
    ]);
    return table(['', 'bare, p50 in ms', 'our statement', 'the function', 'bare, CPU of PostgreSQL in ms', 'our statement'], rows, 'warm');
  },
  capacity: ({ capacity }) => {
    const rows = capacity?.rows.map((row) => [
      ...[row.name, whole(row.rate), `${Math.round(row.share)} %`, row.open_after?.toFixed(1) ?? ''],
      ...[Math.ceil(1000 * row.environment_seconds), whole(1000 / row.environment_seconds), (row.postgres_cpu / 1000).toFixed(2), whole(row.per_core)],
    ]);
    const columns = ['Firebase and FCM, or webhooks', 'messages/s of 10 environments', 'of off', 'circuits open after, s', 'environments for 1,000 messages/s'];
    return table([...columns, 'messages/s of 1,000 environments', 'CPU of PostgreSQL a message, ms', 'messages/s a core of PostgreSQL'], rows, 'capacity');
  },
  costs: ({ capacity }) => {
    const columns = ['lambda_time', 'lambda_requests', 'gateway', 'firebase', 'postgres', 'total'];
    const rows = capacity?.rows
      .filter(({ name }) => ['after 50 ms', 'after 150 ms'].includes(name))
      .map(({ name, cost }) => [name, ...columns.map((column) => cost[column].toFixed(2))]);
    return table(['Firebase responds', 'Lambda, time', 'Lambda, requests', 'API Gateway', 'Realtime Database', 'PostgreSQL', 'total, $'], rows, 'capacity');
  },
};

const times = (figure, base) => `${(figure / base).toFixed(2)} ×`;
const whole = (number) => Math.round(number).toLocaleString('en');

function table(columns, rows, name) {
  if (!rows) return `Not measured yet: \`make bench ONLY=${name}\`.`;
  const lines = [columns, ['---', ...columns.slice(1).map(() => '---:')], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Returns the document with the tables of these results. */
export function documentWith(results, text = readFileSync(DOCUMENT, 'utf8')) {
  return text.replace(/(<!-- bench: (\w+) -->\n)[^]*?(<!-- end -->)/g, (_, begin, name, end) => `${begin}${TABLES[name](results)}\n${end}`);
}

export const writeDocument = (results) => writeFileSync(DOCUMENT, documentWith(results));
