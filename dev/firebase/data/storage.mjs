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
 * Stores the data on disk: a snapshot, and a journal of the later writes. Every write is passed to the kernel
 * before its response, so a killed process loses no confirmed write. The snapshot names its journal, so a
 * crash during a compaction leaves the old pair valid.
 */
export class Storage {
  /** The roots by namespace, as read from the disk. */
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

  /** `allRoots` returns all data, for a new snapshot when the journal is long. */
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
    // The text after the last line break is an incomplete line of a killed process, or empty.
    for (const line of lines.slice(0, -1)) {
      const [namespace, changes] = JSON.parse(line);
      const root = changes.reduce(
        (before, [path, json]) => withNodeAt(before, path, nodeFromJson(json, { now: 0 })),
        this.roots.get(namespace) ?? null,
      );
      this.roots.set(namespace, root);
    }
    // The next line must not be appended to the incomplete one.
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
