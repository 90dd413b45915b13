import { connect, createServer } from 'node:net';
import { listen } from '../dev/parts/processes.mjs';

/**
 * Starts a proxy between a function and PostgreSQL that records each statement with the types and values of its
 * parameters. pgbench and the plans thus use exactly the statements that the function sends.
 */
export async function startCapture(port) {
  const executed = [];
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const messages = new Messages(executed);
    client.on('data', (bytes) => messages.read(bytes));
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => [client, upstream].forEach((it) => it.destroy()));
  });
  await listen(server, 0, '127.0.0.1');
  return { port: server.address().port, executed, close: () => server.close() };
}

/** What a client sends: https://www.postgresql.org/docs/current/protocol-message-formats.html */
class Messages {
  #executed;
  #bytes = Buffer.alloc(0);
  #begun = false;
  #statements = new Map();

  constructor(executed) {
    this.#executed = executed;
  }

  read(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      // Only the first message has no type byte.
      const head = this.#begun ? 1 : 0;
      if (this.#bytes.length < head + 4) return;
      const end = head + this.#bytes.readInt32BE(head);
      if (this.#bytes.length < end) return;
      const message = new Reader(this.#bytes.subarray(head + 4, end));
      const letter = this.#begun ? String.fromCharCode(this.#bytes[0]) : '';
      this.#begun = true;
      this.#bytes = this.#bytes.subarray(end);
      if (letter === 'P') this.#parse(message);
      if (letter === 'B') this.#bind(message);
    }
  }

  #parse(message) {
    const [name, sql] = [message.text(), message.text()];
    this.#statements.set(name, { sql, types: message.list(() => message.int32()) });
  }

  #bind(message) {
    message.text();
    const name = message.text();
    message.list(() => message.int16());
    const values = message.list(() => message.bytes());
    const { sql, types } = this.#statements.get(name);
    // Our statements have a name; the others are BEGIN and the like.
    const [, ours] = /^-- (\w+)/.exec(sql) ?? [];
    // preflight lets the server infer the types of statements that read the catalogue only.
    if (!ours || types.length < values.length) return;
    const parameters = values.map((value, index) => parameter(value, types[index]));
    this.#executed.push({ name: ours, sql, parameters, prepared: name !== '' });
  }
}

class Reader {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  int16 = () => this.#bytes.readInt16BE((this.#at += 2) - 2);
  int32 = () => this.#bytes.readInt32BE((this.#at += 4) - 4);

  text() {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  list(item) {
    return Array.from({ length: this.int16() }, item);
  }

  bytes() {
    const length = this.int32();
    if (length < 0) return null;
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }
}

/** The parameter types of our statements (`pg_type.oid`), and how to decode their binary form. */
const TYPES = {
  16: ['bool', (bytes) => String(bytes[0] === 1)],
  17: ['bytea', (bytes) => `\\x${bytes.toString('hex')}`],
  20: ['int8', (bytes) => String(bytes.readBigInt64BE())],
  21: ['int2', (bytes) => String(bytes.readInt16BE())],
  23: ['int4', (bytes) => String(bytes.readInt32BE())],
  25: ['text', (bytes) => bytes.toString('utf8')],
  114: ['json', (bytes) => bytes.toString('utf8')],
  701: ['float8', (bytes) => String(bytes.readDoubleBE())],
  1000: ['bool[]', (bytes) => arrayOf(bytes, 16)],
  1009: ['text[]', (bytes) => arrayOf(bytes, 25)],
  1016: ['int8[]', (bytes) => arrayOf(bytes, 20)],
  1022: ['float8[]', (bytes) => arrayOf(bytes, 701)],
  1082: ['date', (bytes) => new Date(Date.UTC(2000, 0, 1 + bytes.readInt32BE())).toISOString().slice(0, 10)],
  1083: ['time', (bytes) => new Date(Number(bytes.readBigInt64BE()) / 1000).toISOString().slice(11, 23)],
  1184: ['timestamptz', (bytes) => new Date(Date.UTC(2000, 0, 1) + Number(bytes.readBigInt64BE()) / 1000).toISOString()],
  1185: ['timestamptz[]', (bytes) => arrayOf(bytes, 1184)],
  2950: ['uuid', (bytes) => bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')],
  2951: ['uuid[]', (bytes) => arrayOf(bytes, 2950)],
  3802: ['jsonb', (bytes) => bytes.toString('utf8', 1)],
};

/** `value` is a text, an array of texts, or null. */
function parameter(bytes, oid) {
  const [type, read] = TYPES[oid] ?? [];
  if (!type) throw new Error(`A parameter of the type ${oid}: bench/capture.mjs does not know it yet`);
  return { type, value: bytes && read(bytes) };
}

function arrayOf(bytes, element) {
  const dimensions = bytes.readInt32BE(0);
  if (dimensions === 0) return [];
  const reader = new Reader(bytes.subarray(20));
  return Array.from({ length: bytes.readInt32BE(12) }, () => parameter(reader.bytes(), element).value);
}
