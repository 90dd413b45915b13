import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { start } from './processes.mjs';

const MEMORY_MB = '256';

/**
 * The processes of all functions: started, started again when one dies, and replaced when there is a new build.
 */
export class Functions {
  #options;
  #workers = [];

  /** `addressOf`: the Runtime API of an environment; `say`: where the developer reads. */
  constructor({ lambda, addressOf, binaries, environment, logs, processes, say }) {
    this.#options = { lambda, addressOf, binaries, environment, logs, processes, say };
  }

  /** Starts them all; a function that cannot start is an error with what it said. */
  async start(names) {
    for (const name of names) {
      for (let n = 0; n < this.#options.processes; n++) this.#workers.push(new Worker(name, this.#options));
    }
    await Promise.all(this.#workers.map((worker) => worker.start()));
  }

  /** Puts newly built processes in the place of the old ones of these functions; those finish what they have begun. */
  async replace(names) {
    await Promise.all(this.#workers.filter(({ name }) => names.includes(name)).map((worker) => worker.replace()));
  }

  /** Kills one of the processes of a function; `which` from 0 to 1 chooses. */
  kill(name, which) {
    const workers = this.#workers.filter((worker) => worker.name === name);
    workers[Math.floor(which * workers.length)].kill();
  }

  async stop() {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}

/** The functions of the workspace: its folders. */
export const functionNames = (root) => readdirSync(join(root, 'functions')).filter((name) => !name.startsWith('.')).sort();

/** One place of a function, in which a process is to run at any time. */
class Worker {
  #options;
  #current;
  #failures = 0;
  #stopped = false;

  constructor(name, options) {
    this.name = name;
    this.#options = options;
  }

  async start() {
    const next = await this.#launch();
    await this.#untilReady(next);
    this.#current = next;
    this.#keepRunning(next);
  }

  async replace() {
    const old = this.#current;
    try {
      await this.start();
    } catch (error) {
      this.#options.say(`${error.message}\nThe old ${this.name} goes on.`);
      return;
    }
    await retire(old);
  }

  kill() {
    this.#current.started.signal('SIGKILL');
  }

  async stop() {
    this.#stopped = true;
    if (this.#current) await retire(this.#current);
  }

  async #launch() {
    const { lambda, addressOf, binaries, environment, logs } = this.#options;
    const place = lambda.open(this.name);
    const variables = {
      ...environment,
      AWS_LAMBDA_RUNTIME_API: addressOf(place),
      AWS_LAMBDA_FUNCTION_NAME: this.name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: MEMORY_MB,
    };
    try {
      const started = await start(this.name, join(binaries, this.name), [], { env: variables, logs });
      started.ended.then(() => lambda.close(place));
      return { place, started };
    } catch (error) {
      lambda.close(place);
      throw error.code === 'ENOENT' ? new Error(`${this.name} was not built: there is no ${join(binaries, this.name)}`) : error;
    }
  }

  async #untilReady({ place, started }) {
    const ready = await Promise.race([place.ready.then(() => true), started.ended.then(() => false)]);
    if (!ready) throw new Error(`${this.name} cannot start (${await started.ended}):\n${started.lastWords()}`);
  }

  /** Starts another when the process dies, ever more slowly where that does not help. */
  async #keepRunning({ started }) {
    const began = Date.now();
    const how = await started.ended;
    if (this.#stopped || this.#current?.started !== started) return;
    this.#failures = Date.now() - began > 10_000 ? 0 : this.#failures;
    for (;;) {
      this.#options.say(`${this.name} ended (${how}): starting another. Its log: ${started.log}`);
      await after(Math.min(100 * 2 ** this.#failures++, 5_000));
      // In the meantime the stack may have stopped, or a new build have taken the place.
      if (this.#stopped || this.#current?.started !== started) return;
      try {
        return await this.start();
      } catch (error) {
        this.#options.say(error.message);
      }
    }
  }
}

async function retire({ place, started }) {
  await Promise.race([place.drain(), started.ended, after(10_000, undefined, { ref: false })]);
  await started.stop();
}
