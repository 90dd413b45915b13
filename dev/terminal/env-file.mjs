import { renameSync, writeFileSync } from 'node:fs';

/**
 * Writes variables so that a shell can source them and `cargo lambda watch --env-file` can read them. Whoever waits
 * for the file finds it whole, or not at all.
 */
export function writeEnvFile(file, variables) {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}\n`);
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, lines.join(''), { mode: 0o600 });
  renameSync(unfinished, file);
}

/** Quotes only where a shell needs them: cargo-lambda would take them for a part of the value. */
const quoted = (value) => (/^[\w./:@?=%+,~-]*$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`);
