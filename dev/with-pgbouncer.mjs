// Runs a command with a PgBouncer in transaction mode for the PostgreSQL of DATABASE_URL.
//
//   dev/node dev/with-stack.mjs --only postgres,firebase -- dev/node dev/with-pgbouncer.mjs COMMAND [ARGUMENT…]
//
// The command gets its address in TEST_POOLER. The tests' apps connect through it; the tests' own setup connects
// directly.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPgBouncer } from './parts/pgbouncer.mjs';

const directory = mkdtempSync(join(tmpdir(), 'relais-pgbouncer-'));
const pooler = await startPgBouncer(process.env.DATABASE_URL, { directory, logs: directory });
const [program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, TEST_POOLER: pooler.address } });
process.on('SIGTERM', () => child.kill('SIGTERM'));
const [code, signal] = await once(child, 'exit');
await pooler.stop();
rmSync(directory, { recursive: true, force: true });
process.exit(code ?? 128 + constants.signals[signal]);
