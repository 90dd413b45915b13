import { renameSync, writeFileSync } from 'node:fs';

/**
 * Writes variables for `source` and `cargo lambda watch --env-file`. A waiting script never sees a part of the file.
 */
export function writeEnvFile(file, variables) {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}\n`);
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, lines.join(''), { mode: 0o600 });
  renameSync(unfinished, file);
}

/** Quotes a value only if a shell needs it: cargo-lambda takes the quotes as part of the value. */
const quoted = (value) => (/^[\w./:@?=%+,~-]*$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`);
