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
 * It is in a session of its own: Ctrl-C reaches the stack alone, which then ends its parts in the right order. Its
 * standard input is a pipe that closes when the stack is gone, however that ended.
 *
 * @param said  receives each line of its standard output, which then is not in the log
 * @param died  told how it ended, where nobody had asked it to
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
  #asked = false;

  constructor(name, child, log, died = () => {}) {
    this.name = name;
    this.log = log;
    this.#child = child;
    child.stdin?.on('error', () => {});
    /** How it ended, in words. */
    this.ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`)));
    this.ended.then((how) => this.#asked || died(`${name} ended (${how}). Its log: ${log}`));
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

  /** Asks it to end, and insists where that takes too long. */
  async stop({ signal = 'SIGTERM', patience = 5_000, last = 'SIGKILL' } = {}) {
    this.#asked = true;
    this.signal(signal);
    const insist = setTimeout(() => this.signal(last), patience);
    await this.ended;
    clearTimeout(insist);
  }

  /** The end of its log, for who asks why it ended. */
  lastWords(lines = 12) {
    return readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }
}

/** Calls `attempt` until it does not throw. A process that does not come to that is ended. */
export async function answers(started, attempt, { seconds = 60 } = {}) {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!started.running) throw new Error(`${started.name} ended (${await started.ended}):\n${started.lastWords()}`);
      if (Date.now() > deadline) {
        await started.stop();
        throw new Error(`${started.name} does not answer (${error.message}):\n${started.lastWords()}`);
      }
      await after(50);
    }
  }
}

/** Refuses a port that somebody else listens on. */
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
 * A port that nobody listens on. The system takes those of outgoing connections from 32768 on, so that none of them takes
 * this one before it is listened on.
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

/** Whether the process of this id lives and is what we take it for: ids are used again. */
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
