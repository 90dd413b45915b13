import { expect, test } from 'vitest';
import { CallError } from './errors';
import { pauseAfter, Retrying } from './retrying';
import { settled, TestClock } from './testing/test-clock';

test('the pause doubles up to half a minute, less a random part of up to half', () => {
  expect([1, 2, 3, 5, 6, 50].map((failures) => pauseAfter(failures, 1))).toEqual([
    1_000, 2_000, 4_000, 16_000, 30_000, 30_000,
  ]);
  expect(pauseAfter(1, 0)).toBe(500);
});

test('a request during a run causes one more run, never a parallel one', async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  const task = new Retrying(async () => {
    most = Math.max(most, (running += 1));
    await settled();
    running -= 1;
    runs += 1;
  });
  for (let n = 0; n < 5; n += 1) task.request();
  await settled();
  await settled();
  await settled();
  expect([most, runs]).toEqual([1, 2]);
});

test('a final error is not repeated', async () => {
  const clock = new TestClock();
  const refusals: unknown[] = [];
  let runs = 0;
  const refuse = async () => {
    runs += 1;
    throw new CallError(404, 'Pas trouvé.');
  };
  new Retrying(refuse, clock, (error) => refusals.push(error)).request();
  await clock.pass(120_000);
  expect([runs, refusals.length]).toEqual([1, 1]);
});

test('after a wake the next pause is the shortest, also if the task was running', async () => {
  const clock = new TestClock();
  let runs = 0;
  let fail = () => {};
  const run = () =>
    new Promise<void>((_, reject) => {
      runs += 1;
      fail = () => reject(new CallError(null, 'Pas de réponse du serveur.'));
    });
  const task = new Retrying(run, clock);
  task.request();
  for (const pause of [1_000, 2_000, 4_000]) {
    fail();
    await clock.pass(pause);
  }
  expect(runs).toBe(4);
  task.wake();
  fail();
  await clock.pass(1_000);
  expect(runs).toBe(5);
});

test('a stopped task does not run', async () => {
  const clock = new TestClock();
  let runs = 0;
  const task = new Retrying(async () => {
    runs += 1;
    throw new CallError(503, 'Service momentanément indisponible.');
  }, clock);
  task.request();
  await settled();
  task.stop();
  await clock.pass(120_000);
  expect(runs).toBe(1);
});
