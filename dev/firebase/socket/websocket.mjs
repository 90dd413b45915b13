import { randomBytes } from 'node:crypto';
import { WebSocketServer } from 'ws';
import { FrameReader, framesOf } from './frames.mjs';
import { MAX_SOCKET_WRITE_BYTES } from '../data/limits.mjs';
import { urlOf } from '../http/request-url.mjs';
import { Session } from './session.mjs';

/**
 * The SDKs send something every 45 s. A client that is silent for longer counts as disconnected, and its
 * onDisconnect writes run.
 */
const SILENCE_MS = 120_000;

/** The websocket protocol (version 5) of the official SDKs, at `/.ws`. */
export function acceptSockets(server, { namespaces, credentials }) {
  const sessions = new Map();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_SOCKET_WRITE_BYTES });
  server.on('upgrade', (request, socket, head) => {
    if (!isOurs(request)) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (connection) => {
      const name = urlOf(request).searchParams.get('ns');
      const session = serve(connection, {
        host: request.headers.host,
        database: namespaces.get(name),
        credentials,
        trust: { unsigned: !namespaces.isDefault(name) },
      });
      sessions.set(connection, session);
      connection.on('close', () => sessions.delete(connection));
    });
  });
  return {
    /** Closes all connections like a network failure. The SDKs reconnect, and onDisconnect writes run. */
    close() {
      for (const [connection, session] of sessions) {
        session.end();
        connection.terminate();
      }
    },
  };
}

function isOurs(request) {
  if (!request.url.startsWith('/.ws?')) return false;
  return urlOf(request).searchParams.get('v') === '5';
}

function serve(connection, { host, database, credentials, trust }) {
  const send = (message) => framesOf(JSON.stringify(message)).forEach((frame) => connection.send(frame));
  const session = new Session({
    database,
    credentials,
    trust,
    send: (data) => send({ t: 'd', d: data }),
  });
  const reader = new FrameReader();
  const silence = setTimeout(() => connection.terminate(), SILENCE_MS);

  connection.on('message', (data) => {
    silence.refresh();
    try {
      const text = reader.read(data.toString());
      if (text !== null) receive(JSON.parse(text), session, send);
    } catch (error) {
      console.error('websocket: closing a connection that made no sense:', error.message);
      connection.close(1002);
    }
  });
  connection.on('error', () => connection.terminate());
  connection.on('close', () => {
    clearTimeout(silence);
    session.end();
  });
  const sessionId = randomBytes(16).toString('base64url');
  send({ t: 'c', d: { t: 'h', d: { ts: Date.now(), v: '5', h: host, s: sessionId } } });
  return session;
}

/** `t` is 'd' for data and 'c' for control. Of the control messages only pings need a response. */
function receive({ t: type, d: content }, session, send) {
  if (type === 'd') session.handle(content);
  else if (type === 'c' && content?.t === 'p') send({ t: 'c', d: { t: 'o', d: {} } });
}
