// Waiting for an event: the check is tried until it holds, and what it last complained of is the failure.

import { setTimeout as pause } from 'node:timers/promises';

const PAUSE_MS = 20;

/** Runs `check` until it throws no more, at most `within` milliseconds; answers what it returned. */
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
