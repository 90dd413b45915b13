import { startRedis } from '../../dev/parts/redis.mjs';
import { milliseconds, print } from '../report.mjs';
import { eventFor } from '../requests.mjs';

/** Users with enough rooms for the cache: `data.sql`. */
const USERS = { '1,000 rooms': '2002', '10,000 rooms': '2003' };

/** Measures what Redis saves if nothing changes in between: the best case for it. */
export async function cache({ driver, directory, logs, quick }) {
  const redis = await startRedis({ directory, logs });
  const migrate = (variables) =>
    driver.start({ rounds: 1, functions: { migrate: { environment: driver.environment('migrate-database', { variables }), events: [{ event: '{}' }], answers: [] } } });
  try {
    const MODES = { 'without': {}, 'with Redis': { REDIS_URL: redis.url } };
    await migrate(MODES['with Redis']);
    const rows = [];
    for (const [rooms, driverNumber] of Object.entries(USERS)) {
      // One environment each, in turns.
      const environments = Object.entries(MODES).map(([group, variables]) => driver.environment('list-rooms', { group, variables }));
      const events = [eventFor({ as: '{driver}', ids: { driver: driverNumber }, path: '/rooms/' })];
      const found = await driver.load({ environments, events, answers: [200], warm_up: 40, requests: quick ? 100 : 2000 });
      rows.push({ name: `list-rooms, ${rooms}`, p50: Object.fromEntries(Object.keys(MODES).map((mode) => [mode, milliseconds(found.groups[mode].p50)])) });
    }
    print('The cache: p50 in ms, beside each other', ['', ...Object.keys(MODES)], rows.map((row) => [row.name, ...Object.values(row.p50)]));
    return { rows };
  } finally {
    await migrate({});
    await redis.stop();
  }
}
