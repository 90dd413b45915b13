import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { targetDirectory } from '../dev/parts/build.mjs';
import { ROOT } from '../dev/parts/places.mjs';

/** Builds the functions, as `make build` does, and the measuring programs, and returns where they are. */
export async function buildAll(say) {
  say('The functions are built (profile release); the first time takes ten minutes and more');
  const cargo = (...args) => promisify(execFile)('cargo', args, { cwd: ROOT, maxBuffer: 1e8 });
  await cargo('lambda', 'build', '--release', '--workspace', '--exclude', 'emulator');
  await cargo('build', '--release', '--quiet', '--package', 'bench', '--examples');
  return new Driver(await targetDirectory(ROOT));
}

/** The binaries of this package. */
const EXAMPLES = ['driver', 'hello-world', 'phases'];

/** Calls the driver (`driver/main.rs`), which does not know the cases. */
export class Driver {
  #target;
  /** The default environment variables of the functions. */
  variables = {};
  logs;

  constructor(target) {
    this.#target = target;
  }

  binaryOf(name) {
    return EXAMPLES.includes(name) ? join(this.#target, 'release', 'examples', name) : join(this.#target, 'lambda', name, 'bootstrap');
  }

  /** Returns the plan of one environment; `before` is a command that starts the program, such as a debugger. */
  environment(name, { variables = {}, before = [], ...plan } = {}) {
    mkdirSync(this.logs, { recursive: true });
    return { command: [...before, this.binaryOf(name)], variables: { ...this.variables, ...variables }, log: join(this.logs, `${name}.log`), ...plan };
  }

  start(plan) {
    return this.#run('start', plan);
  }

  load(plan) {
    return this.#run('load', plan);
  }

  /** Returns the event that a function receives for a request. */
  eventOf({ request }) {
    return execFileSync(this.binaryOf('driver'), ['event'], { input: JSON.stringify(request), encoding: 'utf8' });
  }

  async #run(command, plan) {
    const child = spawn(this.binaryOf('driver'), [command], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.end(JSON.stringify(plan));
    const [found, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    if (code !== 0) throw new Error(`The driver ended (${code}):\n${errors}\nThe functions' logs are in ${this.logs}`);
    return JSON.parse(found);
  }
}
