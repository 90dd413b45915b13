import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';

/**
 * Starts a process whose output goes to `<logs>/<name>.log`.
 *
 * The process has its own session: Ctrl-C reaches only the stack, which then stops its parts in order. Its standard
 * input is a pipe that closes when the stack exits for any reason.
 *
 * @param said  called with each line of its standard output, which then does not go to the log
 * @param died  called with the cause if the process exits by itself
 * @returns {Promise<Started>} once it runs
 */
export async function start(name, command, args, { logs, said, died, ...options }) {
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `${name}.log`);
  const output = openSync(log, 'a');
  try {
    const child = spawn(command, args, { ...options, detached: true, stdio: ['pipe', said ? 'pipe' : output, output] });
    if (said) createInterface(child.stdout).on('line', said);
    const started = new Started(name, child, log, died);
    await once(child, 'spawn');
    return started;
  } finally {
    closeSync(output);
  }
}

class Started {
  #child;
  #stopping = false;

  constructor(name, child, log, died = () => {}) {
    this.name = name;
    this.log = log;
    this.#child = child;
    child.stdin?.on('error', () => {});
    /** Resolves to the signal or the exit code. */
    this.ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`)));
    this.ended.then((how) => this.#stopping || died(`${name} ended (${how}). Its log: ${log}`));
  }

  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal) {
    if (this.running) this.#child.kill(signal);
  }

  /** Sends a signal, and after `timeout` milliseconds a stronger one. */
  async stop({ signal = 'SIGTERM', timeout = 5_000, finalSignal = 'SIGKILL' } = {}) {
    this.#stopping = true;
    this.signal(signal);
    const timer = setTimeout(() => this.signal(finalSignal), timeout);
    await this.ended;
    clearTimeout(timer);
  }

  /** Returns the end of its log, to explain an exit. */
  logTail(lines = 12) {
    return readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }
}

/** Calls `attempt` until it does not throw, for at most `seconds`; then stops the process and throws. */
export async function untilReady(started, attempt, { seconds = 60 } = {}) {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!started.running) throw new Error(`${started.name} ended (${await started.ended}):\n${started.logTail()}`);
      if (Date.now() > deadline) {
        await started.stop();
        throw new Error(`${started.name} does not respond (${error.message}):\n${started.logTail()}`);
      }
      await after(50);
    }
  }
}

/** Throws if the port is in use. */
export async function requireFreePort(port, host, { what, variable }) {
  const server = createServer();
  try {
    await listen(server, port, host);
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${port}, meant for ${what}, is taken. Choose another: ${variable}=${port + 1} make dev`);
  }
  await new Promise((resolve) => server.close(resolve));
}

/**
 * Returns a free port below 32768. The system uses higher ports for outgoing connections, which could take the port
 * before the caller listens on it.
 */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    try {
      await listen(server, port, '127.0.0.1');
    } catch (error) {
      if (error.code === 'EADDRINUSE') continue;
      throw error;
    }
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

export async function listen(server, port, host) {
  server.listen(port, host);
  await once(server, 'listening');
}

/** Returns whether a process with this id runs this command, because ids are reused. */
export function isRunning(pid, partOfCommand) {
  try {
    const command = existsSync('/proc/self/cmdline')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes(partOfCommand);
  } catch {
    return false;
  }
}
