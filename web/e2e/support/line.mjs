// A connection to a server that a test can cut: a TCP proxy.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after } from 'node:test';

/** @param address  a URL, or `host:port` */
export async function aLine(address) {
  const { hostname, port } = new URL(address.includes('://') ? address : `http://${address}`);
  const line = new Line(hostname, Number(port));
  await line.restore();
  after(() => line.cut());
  return line;
}

class Line {
  #target;
  #server = null;
  #port = 0;
  #sockets = new Set();
  #loses = null;

  constructor(host, port) {
    this.#target = { host, port };
  }

  get host() {
    return `127.0.0.1:${this.#port}`;
  }

  get url() {
    return `http://${this.host}`;
  }

  /** Closes all connections and accepts none, as if the server were stopped. */
  cut() {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  async restore() {
    this.#server = createServer((socket) => this.#join(socket));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = this.#server.address().port;
  }

  /** The next request that contains this text reaches the server, but its response is lost and the connection closed. */
  loseAnswerTo(text) {
    return new Promise((lost) => {
      this.#loses = { text, lost };
    });
  }

  #join(near) {
    const far = connect(this.#target);
    let isLost = false;
    near.on('data', (data) => {
      isLost ||= this.#loses !== null && data.includes(this.#loses.text);
      far.write(data);
    });
    far.on('data', (data) => {
      if (!isLost) return near.write(data);
      this.#loses?.lost();
      this.#loses = null;
      return near.destroy();
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
