import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { build, folderOfBinaries } from '../dev/parts/build.mjs';
import { ROOT } from '../dev/parts/places.mjs';

/** Builds the functions and the measuring programs, and returns where the binaries are. */
export async function buildAll(say) {
  say('The functions are built (profile release); the first time takes ten minutes and more');
  const binaries = await build(ROOT, { profile: 'release', quiet: true, emulator: false });
  await promisify(execFile)('cargo', ['build', '--release', '--quiet', '--package', 'bench', '--examples'], { cwd: ROOT });
  return new Driver(binaries);
}

/** The binaries of this package. */
const EXAMPLES = ['driver', 'hello-world', 'phases'];

/** Calls the driver (`driver/main.rs`), which does not know the cases. */
export class Driver {
  #binaries;
  /** The default environment variables of the functions. */
  variables = {};
  logs;

  constructor(binaries) {
    this.#binaries = binaries;
  }

  binaryOf(name) {
    return join(this.#binaries, ...(EXAMPLES.includes(name) ? ['examples'] : []), name);
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
