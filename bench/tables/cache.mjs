import { startRedis } from '../../dev/parts/redis.mjs';
import { milliseconds, print } from '../report.mjs';
import { eventFor } from '../requests.mjs';

/** Who has enough rooms for the cache: `data.sql`. */
const PEOPLE = { '1,000 rooms': '2002', '10,000 rooms': '2003' };
const REQUESTS = { 'list-rooms': '/rooms/', 'unread-count': '/rooms/unread_count/' };
/** As if the version of each had been counted for long. */
const COUNTED = `INSERT INTO chat_answer_versions (user_id, counted_from)
  SELECT lpad(number, 32, '0')::uuid, now() FROM unnest(ARRAY['${Object.values(PEOPLE).join("','")}']) AS number
  ON CONFLICT (user_id) DO UPDATE SET counted_from = now()`;

/** What Redis saves, where nothing changes in between: the best case for it. */
export async function cache({ driver, database, directory, logs, quick }) {
  const redis = await startRedis({ directory, logs });
  try {
    await database.query(COUNTED);
    const WAYS = { 'without': {}, 'with Redis': { REDIS_URL: redis.url } };
    const rows = [];
    for (const [name, path] of Object.entries(REQUESTS)) {
      for (const [rooms, driverNumber] of Object.entries(PEOPLE)) {
        // One environment each, in turns.
        const environments = Object.entries(WAYS).map(([group, variables]) => driver.environment(name, { group, variables }));
        const events = [eventFor({ as: '{driver}', ids: { driver: driverNumber }, path })];
        const found = await driver.load({ environments, events, answers: [200], warm_up: 40, requests: quick ? 100 : 2000 });
        rows.push({ name: `${name}, ${rooms}`, p50: Object.fromEntries(Object.keys(WAYS).map((way) => [way, milliseconds(found.groups[way].p50)])) });
      }
    }
    print('The cache: p50 in ms, beside each other', ['', ...Object.keys(WAYS)], rows.map((row) => [row.name, ...Object.values(row.p50)]));
    return { rows };
  } finally {
    await database.query('DELETE FROM chat_answer_versions');
    await redis.stop();
  }
}
