// Waits for an event by polling. The last error of the check becomes the test's failure.

import { setTimeout as pause } from 'node:timers/promises';

const PAUSE_MS = 20;

/** Runs `check` until it does not throw, for at most `within` milliseconds, and returns its result. */
export async function eventually(check, within = 5000) {
  const deadline = performance.now() + within;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(PAUSE_MS);
    }
  }
}
