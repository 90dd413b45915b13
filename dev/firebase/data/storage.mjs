import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { exportNode, nodeFromJson } from './json.mjs';
import { withNodeAt } from './tree.mjs';

const COMPACT_AT_BYTES = 32 * 1024 * 1024;

/**
 * Keeps the data over a restart: a snapshot, and a journal of the writes since. Every write is handed
 * to the kernel before it is answered, so a killed process loses nothing that it confirmed. The
 * snapshot names its journal: dying between the two steps of a compaction leaves the old pair valid.
 */
export class Storage {
  /** Roots by namespace, as found on disk. */
  roots = new Map();
  #directory;
  #generation = 0;
  #journal;
  #journalBytes = 0;

  constructor(directory) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    this.#load();
    this.#journal = openSync(this.#journalFile, 'a');
  }

  /** `allRoots` tells all of the data, for when the journal has grown so long that it is better summed up. */
  record(namespace, changes, allRoots) {
    const line = JSON.stringify([namespace, changes.map(({ path, node }) => [path, exportNode(node)])]) + '\n';
    this.#journalBytes += writeSync(this.#journal, line);
    if (this.#journalBytes > COMPACT_AT_BYTES) this.#compact(allRoots());
  }

  close(roots) {
    this.#compact(roots);
    closeSync(this.#journal);
  }

  get #snapshotFile() {
    return join(this.#directory, 'snapshot.json');
  }

  get #journalFile() {
    return join(this.#directory, `journal-${this.#generation}.ndjson`);
  }

  #load() {
    if (existsSync(this.#snapshotFile)) {
      const snapshot = JSON.parse(readFileSync(this.#snapshotFile, 'utf8'));
      this.#generation = snapshot.generation;
      for (const [namespace, json] of Object.entries(snapshot.namespaces)) {
        this.roots.set(namespace, nodeFromJson(json, { now: 0 }));
      }
    }
    if (existsSync(this.#journalFile)) this.#replay(readFileSync(this.#journalFile, 'utf8').split('\n'));
  }

  #replay(lines) {
    // What follows the last line break is a line that a kill cut short, or nothing.
    for (const line of lines.slice(0, -1)) {
      const [namespace, changes] = JSON.parse(line);
      const root = changes.reduce(
        (before, [path, json]) => withNodeAt(before, path, nodeFromJson(json, { now: 0 })),
        this.roots.get(namespace) ?? null,
      );
      this.roots.set(namespace, root);
    }
    // The next line must not be glued to the torn one.
    if (lines.at(-1) !== '') this.#compact([...this.roots]);
  }

  #compact(roots) {
    const old = this.#journalFile;
    this.#generation += 1;
    const namespaces = Object.fromEntries(roots.map(([name, root]) => [name, exportNode(root)]));
    writeDurably(`${this.#snapshotFile}.new`, JSON.stringify({ generation: this.#generation, namespaces }));
    renameSync(`${this.#snapshotFile}.new`, this.#snapshotFile);
    if (this.#journal !== undefined) closeSync(this.#journal);
    this.#journal = openSync(this.#journalFile, 'a');
    this.#journalBytes = 0;
    rmSync(old, { force: true });
  }
}

function writeDurably(file, text) {
  const handle = openSync(file, 'w', 0o600);
  writeSync(handle, text);
  fsyncSync(handle);
  closeSync(handle);
}

/** For tests: nothing is kept. */
export class NoStorage {
  roots = new Map();
  record() {}
  close() {}
}
