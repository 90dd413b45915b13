import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isRunning } from './processes.mjs';

/**
 * Locks a directory for one stack.
 *
 * @returns {() => void} releases the lock
 */
export function lock(file) {
  mkdirSync(dirname(file), { recursive: true });
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const pid = Number(readFileSync(file, 'utf8'));
    if (isRunning(pid, 'stack.mjs')) throw new Error(`It runs already in this checkout (process ${pid}): stop that one first.`);
    // Left by a process that was killed.
    rmSync(file, { force: true });
  }
}
