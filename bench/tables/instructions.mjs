import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CASES } from '../cases.mjs';
import { print } from '../report.mjs';
import { eventsOf } from '../requests.mjs';

/** Until its statement is prepared, and planned for good. */
const WARM_UP = 20;

/** 5. Instructions of a function's process for a request, which are the same whatever the machine does beside. */
export async function instructions({ driver, database, directory, logs, quick, say }) {
  const rows = [];
  for (const it of [{ ...CASES[0], function: 'hello-world' }, ...CASES.filter((one) => !one.event)]) {
    say(`  ${it.function}`);
    const number = quick ? 20 : 100;
    const file = join(directory, 'callgrind');
    for (const old of readdirSync(directory).filter((name) => name.startsWith('callgrind'))) rmSync(join(directory, old));
    if (it.prepare) await database.query(it.prepare);
    const before = ['valgrind', '--quiet', '--tool=callgrind', `--callgrind-out-file=${file}`];
    await driver.load({
      environments: [driver.environment(it.function, { before, variables: it.environment })],
      events: eventsOf(it, WARM_UP + number),
      answers: it.answers ?? [200],
      warm_up: WARM_UP,
      mark: ['callgrind_control', '--zero'],
      requests: number,
    });
    rows.push({ name: it.function, instructions: Math.round(instructionsIn(readFileSync(file, 'utf8')) / number) });
  }
  const [hello, ...functions] = rows;
  print(
    '5. Instructions of a request, in thousands: all that the process does, and what it does beyond hello-world',
    ['', 'all', 'beyond hello-world'],
    [[hello.name, hello.instructions / 1000], ...functions.map((row) => [row.name, row.instructions / 1000, (row.instructions - hello.instructions) / 1000])],
  );
  return { rows };
}

const instructionsIn = (profile) => Number(/^(?:totals|summary): (\d+)/m.exec(profile)[1]);
