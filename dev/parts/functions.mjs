import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { answers, start } from './processes.mjs';

/** Lambda's own limit for a start is 10 s, on a machine that does nothing else. */
const INIT_SECONDS = 60;

/** The functions of the workspace: its folders. */
export const functionNames = (root) => readdirSync(join(root, 'functions')).filter((name) => !name.startsWith('.')).sort();

/**
 * Starts the emulator of Lambda and API Gateway (`emulator/`) with the functions.
 *
 * @param emulator      its binary
 * @param binaries      the folder of the functions' binaries
 * @param environment   the environment variables of the functions
 * @param names         these functions only
 * @param warm          environments of each function from the start; one that cannot start is an error with its log
 * @param environments  the most environments of a function; more invocations wait in line
 * @param options       further options of the emulator, as on its command line
 * @param say           receives what a developer should read
 */
export async function startFunctions({ root, emulator, binaries, environment, logs, host, port, names, warm = 1, environments, options = [], say }) {
  const args = ['--with-parent', '--template', join(root, 'template.yaml'), '--binaries', binaries, '--logs', logs];
  args.push('--host', host, '--port', String(port), '--warm', String(warm), '--init', String(INIT_SECONDS));
  if (environments) args.push('--environments', String(environments));
  if (names) args.push('--only', names.join());
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const said = (line) => line.startsWith('listening on ') || say(line);
  const started = await start('emulator', emulator, [...args, ...options], { env: environment, logs, said, died: say });
  await answers(started, () => fetch(`${url}/_emulator/functions`), { seconds: 2 * INIT_SECONDS });
  return new Functions(url, started);
}

class Functions {
  #url;
  #started;

  constructor(url, started) {
    this.#url = url;
    this.#started = started;
  }

  /** Invokes a function by its name, as its schedule or a deployment does. */
  async invoke(name, event = {}) {
    const response = await this.#post(`/2015-03-31/functions/${name}/invocations`, JSON.stringify(event));
    const body = await response.json();
    if (response.ok && !response.headers.has('x-amz-function-error')) return body;
    throw new Error(body.errorMessage ?? body.Message ?? body.message);
  }

  /** Puts newly built processes in the place of the old ones, which finish what they have begun. */
  async replace(name) {
    const response = await this.#post(`/_emulator/functions/${name}/replace`);
    if (!response.ok) throw new Error((await response.json()).message);
  }

  /** Kills a process of a function; `which` from 0 to 1 selects it. Returns whether one ran. */
  async kill(name, which) {
    return (await this.#post(`/_emulator/functions/${name}/kill?which=${which}`)).ok;
  }

  /** The environments of each function, and what it has done so far. */
  async states() {
    return (await fetch(`${this.#url}/_emulator/functions`)).json();
  }

  /** Running invocations have ten seconds. */
  stop() {
    return this.#started.stop({ patience: 15_000 });
  }

  #post(path, body) {
    return fetch(`${this.#url}${path}`, { method: 'POST', body });
  }
}
