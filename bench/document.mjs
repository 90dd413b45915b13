import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../dev/parts/places.mjs';
import { milliseconds } from './report.mjs';

/** Has the tables of the last run between two comments each. */
export const DOCUMENT = join(ROOT, 'docs', 'performance.md');

const TABLES = {
  summary: (results) => table(['', 'all functions', 'goal'], results.cold && results.warm && summary(results), 'cold,warm,firebase,growth'),
  bare: ({ bare: measured }) => {
    const rows = measured?.rows.map(({ name, ours, pgbench, bare }) => [
      `\`${name}\``,
      ...[milliseconds(bare.p50).toFixed(2), times(pgbench.p50, bare.p50), times(ours.p50, bare.p50)],
      ...[milliseconds(bare.postgresCpu).toFixed(2), times(pgbench.postgresCpu, bare.postgresCpu)],
    ]);
    return table(['', 'bare, p50 in ms', 'our statement', 'the function', 'bare, CPU of PostgreSQL in ms', 'our statement'], rows, 'bare');
  },
  capacity: ({ capacity }) => {
    const rows = capacity?.rows.map((row) => [
      ...[row.name, whole(row.rate), `${Math.round(row.share)} %`, row.open_after?.toFixed(1) ?? ''],
      ...[Math.ceil(1000 * row.environment_seconds), whole(1000 / row.environment_seconds), (row.postgres_cpu / 1000).toFixed(2), whole(row.per_core)],
    ]);
    const columns = ['Firebase and FCM, or webhooks', 'messages/s of 10 environments', 'of *off*, or of *only stored*', 'circuits open after, s', 'environments for 1,000 messages/s'];
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

/** Returns the rows of the first table: a figure of all functions, or of the cases of another table, and its goal. */
function summary({ cold, warm, firebase, growth }) {
  const [hello, ...functions] = cold.rows;
  const compared = warm.rows.filter((row) => row.pgbench[1]);
  const rows = [
    ['start until ready, more than hello-world, ms', spread(functions, (row) => row.ready - hello.ready, 3), '3'],
    [`without the response of Secrets Manager (${cold.secretsManager.toFixed(1)} from moto), ms`, spread(functions, (row) => row.ready - hello.ready - cold.secretsManager, 3), '3'],
    ['first response after that, with TLS and an unprepared statement, ms', spread(functions, (row) => row.first, 15), '15'],
    ['size zipped, MB', spread(functions, (row) => row.zipped, 3.5), '3.5'],
    ['peak memory, MB', spread(functions, (row) => row.memory, 20), '20'],
    ['a warm request, p50, more than pgbench, ms', spread(compared, (row) => milliseconds(row.ours[1].p50 - row.pgbench[1].p50), 0.3), '0.3'],
    ['CPU of the function per warm request, ms', spread(warm.rows, (row) => milliseconds(row.ours[1].cpu), 0.25), '0.25'],
    [
      "throughput with PostgreSQL saturated, percent less than pgbench's",
      spread(compared.filter((row) => row.saturated), (row) => 100 * (1 - row.saturated.ours.perSecond / row.saturated.pgbench.perSecond), 20),
      '20',
    ],
  ];
  for (const { name, p50, p99 } of firebase?.rows ?? []) rows.push([`\`send-message\`, if Firebase responds: ${name}; p50, p99, ms`, `${p50.toFixed(1)}, ${p99.toFixed(1)}`, 'equal']);
  for (const [tree, it] of Object.entries(firebase?.seen ?? {})) if (it.p50) rows.push([`from its response to the event at a listener, ${tree}; p50, p99, ms`, `${it.p50.toFixed(1)}, ${it.p99.toFixed(1)}`, '']);
  for (const { title, rows: sizes, goals } of growth?.tables ?? []) rows.push([`${title}, ms`, spread(sizes, (row) => row.p50), goals.map(({ goal }) => goal).join()]);
  return rows;
}

/** Returns the range of the figures within a goal, and the others by name, or their number if there are many. */
function spread(rows, figure, most = Infinity) {
  const MANY = 5;
  const all = rows.map((row) => ({ name: row.name, value: figure(row) })).sort((a, b) => a.value - b.value);
  const met = all.filter(({ value }) => value <= most);
  const missed = all.filter(({ value }) => value > most);
  const range = met.length > 0 ? [`${shown(met[0].value)} to ${shown(met.at(-1).value)}`] : [];
  const others = missed.map(({ name, value }) => `\`${name}\` ${shown(value)}`);
  if (missed.length > MANY) others.splice(0, Infinity, `${missed.length} of ${all.length} more, up to ${shown(missed.at(-1).value)}`);
  return [...range, ...others].join('; ');
}

const shown = (number) => (Number(number.toFixed(Math.abs(number) >= 10 ? 1 : 2)).toString());
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
