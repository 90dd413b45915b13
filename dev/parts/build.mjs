import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, watch } from 'node:fs';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Folders with the sources of the functions. */
const SOURCES = ['functions', 'migrations', 'shared'];
const MANIFESTS = ['Cargo.toml', 'Cargo.lock'];

/**
 * Builds all functions and the emulator with one cargo command. Separate commands would enable different features and
 * compile everything again. The release profile leaves out the emulator, so that the functions get the features of a
 * deployment.
 *
 * @param quiet  prints cargo's output only if it fails
 * @returns {Promise<string>} the folder of the binaries
 */
export async function build(root, { profile, signal, quiet = false }) {
  const options = { root, signal, quiet };
  if (profile === 'release') {
    await cargo(['build', '--workspace', '--exclude', 'emulator', '--bins', '--release'], options);
    await cargo(['build', '--package', 'emulator', '--bins'], options);
  } else {
    await cargo(['build', '--workspace', '--bins'], options);
  }
  return folderOfBinaries(root, { profile });
}

async function cargo(args, { root, signal, quiet }) {
  const child = run('cargo', args, { root, signal, stdio: quiet ? 'pipe' : 'inherit' });
  const said = quiet ? text(child.stderr) : undefined;
  const code = await ended(child);
  signal?.throwIfAborted();
  if (code !== 0) throw new Error(quiet ? `${await said}\nThe build failed.` : 'The build failed.');
}

/** Returns the path of the emulator's binary. */
export const emulatorBinary = async (root) => join(await folderOfBinaries(root), 'emulator');

/** Returns the folder of the binaries of a build. */
export async function folderOfBinaries(root, { profile = 'dev' } = {}) {
  return join(await targetDirectory(root), profile === 'release' ? 'release' : 'debug');
}

/** Returns a text that changes when a build changes one of the binaries. */
export const stampOf = (binaries, names) => names.map((name) => statSync(join(binaries, name)).mtimeMs).join();

/**
 * Calls `changed` after a source is saved. It waits for the call to finish before the next one.
 *
 * @param folders  folders below the root
 * @param files    files in the root
 * @returns {() => void} stops watching
 */
export function watchSources(root, changed, { folders = SOURCES, files = MANIFESTS } = {}) {
  let timer;
  let busy = false;
  let again = false;
  const run = async () => {
    if (busy) return void (again = true);
    busy = true;
    await changed();
    busy = false;
    if (again) soon();
    again = false;
  };
  // Editors save in several steps, and "save all" saves several files.
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(run, 200);
  };
  const watchers = folders.map((folder) => watch(join(root, folder), { recursive: true }, soon));
  watchers.push(watch(root, (_, file) => files.includes(basename(file ?? '')) && soon()));
  return () => {
    clearTimeout(timer);
    watchers.forEach((watcher) => watcher.close());
  };
}

/** Returns cargo's target directory, which the developer can configure. */
export async function targetDirectory(root) {
  const child = run('cargo', ['metadata', '--no-deps', '--format-version', '1'], { root, stdio: 'pipe' });
  const [metadata] = await Promise.all([text(child.stdout), ended(child)]);
  return JSON.parse(metadata).target_directory;
}

/** Runs a command in its own process group, so that its compilers stop with it. */
function run(command, args, { root, signal, stdio }) {
  const child = spawn(command, args, { cwd: root, detached: true, stdio: ['ignore', stdio, stdio] });
  const end = () => child.pid && child.exitCode === null && process.kill(-child.pid, 'SIGTERM');
  signal?.addEventListener('abort', end);
  child.once('close', () => signal?.removeEventListener('abort', end));
  return child;
}

async function ended(child) {
  try {
    const [code] = await once(child, 'close');
    return code;
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error('There is no cargo: install Rust, https://rustup.rs');
    throw error;
  }
}
