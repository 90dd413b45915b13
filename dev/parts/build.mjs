import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, watch } from 'node:fs';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';

/** What the functions are built from. */
const SOURCES = ['functions', 'migrations', 'shared'];
const MANIFESTS = ['Cargo.toml', 'Cargo.lock'];

/**
 * Builds all functions and the emulator, by one cargo for the whole workspace: built one by one, their features would
 * differ, and cargo would build everything again. In the release profile the emulator stays out: the functions are then
 * built with the features with which they are deployed.
 *
 * @param quiet  keeps what cargo says to itself, unless it fails
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

/** The emulator's binary. */
export const emulatorBinary = async (root) => join(await folderOfBinaries(root), 'emulator');

/** Where a build puts them, or has put them. */
export async function folderOfBinaries(root, { profile = 'dev' } = {}) {
  return join(await targetDirectory(root), profile === 'release' ? 'release' : 'debug');
}

/** Differs from an earlier one where a build has made another binary. */
export const stampOf = (binaries, names) => names.map((name) => statSync(join(binaries, name)).mtimeMs).join();

/**
 * Calls `changed` after a source was saved; not again before that has returned.
 *
 * @param folders  below the root
 * @param files    in the root itself
 * @returns {() => void} ends it
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

/** Wherever the developer has cargo put it. */
async function targetDirectory(root) {
  const child = run('cargo', ['metadata', '--no-deps', '--format-version', '1'], { root, stdio: 'pipe' });
  const [metadata] = await Promise.all([text(child.stdout), ended(child)]);
  return JSON.parse(metadata).target_directory;
}

/** In a process group of its own, so that the compilers it starts end with it. */
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
