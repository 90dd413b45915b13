import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { freePort, start, untilReady } from './processes.mjs';

/**
 * Starts Redis without persistence on a free port.
 *
 * @returns {Promise<{url: string, ask: (...words: string[]) => Promise<string>, pid: number, stop: () =>
 * Promise<void>}>}
 */
export async function startRedis({ directory, logs, died }) {
  const port = await freePort();
  mkdirSync(directory, { recursive: true });
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: directory };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const running = await start('redis', 'redis-server', args, { logs, died });
  const ask = (...words) => command(port, words);
  await untilReady(running, () => ask('PING'));
  return { url: `redis://127.0.0.1:${port}`, ask, pid: running.pid, stop: () => running.stop() };
}

/** Sends one command on its own connection, and returns the reply in Redis' protocol (RESP). */
function command(port, words) {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
      socket.write(`*${words.length}\r\n${bulk}*1\r\n$4\r\nQUIT\r\n`);
    });
    socket.setEncoding('utf8').on('data', (chunk) => (answer += chunk));
    socket.on('error', reject).on('close', () => resolve(answer.replace(/\+OK\r\n$/, '')));
  });
}
