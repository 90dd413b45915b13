// A TCP proxy that can silence its connections, as a NAT that has dropped them or a host that is gone. Silenced
// connections stay open and pass no data. New connections work.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Starts a proxy for `host:port`. */
export async function tcpProxy(host, port) {
  const links = new Set();
  let received = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ host, port, allowHalfOpen: true });
    const link = { silent: false, sockets: [client, upstream] };
    links.add(link);
    for (const [from, to] of [[client, upstream], [upstream, client]]) {
      from.on('data', (chunk) => {
        if (from === upstream) received += chunk.length;
        if (!link.silent) to.write(chunk);
      });
      from.on('end', () => link.silent || to.end());
      from.on('error', () => link.silent || to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    /** Returns the number of bytes from the upstream so far. */
    received: () => received,
    /** Silences the open connections and returns their number. */
    silence() {
      const open = [...links].filter(({ silent, sockets }) => !silent && sockets.every((it) => !it.destroyed));
      for (const link of open) link.silent = true;
      return open.length;
    },
    close() {
      server.close();
      for (const { sockets } of links) for (const socket of sockets) socket.destroy();
    },
  };
}
