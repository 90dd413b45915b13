import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { start, untilReady } from './processes.mjs';

/** Lambda allows 10 s for a start; a developer's machine may be busy. */
const INIT_SECONDS = 60;

/** Returns the names of the functions: the folders of `functions/`. */
export const functionNames = (root) => readdirSync(join(root, 'functions')).filter((name) => !name.startsWith('.')).sort();

/**
 * Starts the emulator of Lambda and API Gateway (`emulator/`) with the functions.
 *
 * @param emulator      path of its binary
 * @param binaries      folder of the functions' binaries
 * @param environment   environment variables of the functions
 * @param names         start only these functions
 * @param warm          environments of each function to start at once; if one cannot start, its log is the error
 * @param environments  the most environments of a function; further invocations queue
 * @param options       further command-line options of the emulator
 * @param say           called with each line for the developer
 */
export async function startFunctions({ root, emulator, binaries, environment, logs, host, port, names, warm = 1, environments, options = [], say }) {
  const args = ['--with-parent', '--template', join(root, 'template.yaml'), '--binaries', binaries, '--logs', logs];
  args.push('--host', host, '--port', String(port), '--warm', String(warm), '--init', String(INIT_SECONDS));
  if (environments) args.push('--environments', String(environments));
  if (names) args.push('--only', names.join());
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const said = (line) => line.startsWith('listening on ') || say(line);
  const started = await start('emulator', emulator, [...args, ...options], { env: environment, logs, said, died: say });
  await untilReady(started, () => fetch(`${url}/_emulator/functions`), { seconds: 2 * INIT_SECONDS });
  return new Functions(url, started);
}

class Functions {
  #url;
  #started;

  constructor(url, started) {
    this.#url = url;
    this.#started = started;
  }

  /** Invokes a function by name, as its schedule or a deployment does. */
  async invoke(name, event = {}) {
    const response = await this.#post(`/2015-03-31/functions/${name}/invocations`, JSON.stringify(event));
    const body = await response.json();
    if (response.ok && !response.headers.has('x-amz-function-error')) return body;
    throw new Error(body.errorMessage ?? body.Message ?? body.message);
  }

  /** Replaces the processes with newly built ones. The old ones finish their invocations. */
  async replace(name) {
    const response = await this.#post(`/_emulator/functions/${name}/replace`);
    if (!response.ok) throw new Error((await response.json()).message);
  }

  /** Kills one process of a function; `which` from 0 to 1 selects it. Returns whether one was running. */
  async kill(name, which) {
    return (await this.#post(`/_emulator/functions/${name}/kill?which=${which}`)).ok;
  }

  /** Returns the environments of each function and its counts of invocations. */
  async states() {
    return (await fetch(`${this.#url}/_emulator/functions`)).json();
  }

  /** Running invocations may take ten seconds to finish. */
  stop() {
    return this.#started.stop({ timeout: 15_000 });
  }

  #post(path, body) {
    return fetch(`${this.#url}${path}`, { method: 'POST', body });
  }
}
