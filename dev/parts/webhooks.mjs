import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { listen } from './processes.mjs';

/**
 * Starts a receiver of webhooks, as the platform's backend has one. It verifies each signature with the official library
 * of Standard Webhooks, and responds with 401 if it is not valid.
 *
 * @param handle  called with the id, the event and the request (`headers`, `body`), for each attempt; returns the status of
 *                the response, or undefined to close the connection without one
 * @returns {Promise<() => Promise<void>>} stops the receiver
 */
export async function startReceiver({ host, port, secret, handle }) {
  const webhook = new Webhook(secret);
  const server = createServer((request, response) => {
    receive(request, webhook, handle)
      .then((status) => (status === undefined ? request.destroy() : response.writeHead(status).end()))
      .catch(() => request.destroy());
  });
  await listen(server, port, host);
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
}

async function receive(request, webhook, handle) {
  if (request.method !== 'POST') return 405;
  const chunks = await request.toArray();
  const body = Buffer.concat(chunks).toString();
  let event;
  try {
    event = webhook.verify(body, request.headers);
  } catch {
    return 401;
  }
  return handle(request.headers['webhook-id'], event, { headers: request.headers, body });
}

/** Returns an event as one line for the developer. */
export function lineOf({ type, data: { room, message, ...others } }) {
  const parts = [type.padEnd(20)];
  if (room) parts.push(`room ${room.id}`);
  if (message) parts.push(`${message.seq}: ${message.text || message.message_type}`);
  for (const [name, value] of Object.entries(others)) parts.push(`${name} ${typeof value === 'object' ? value?.id : value}`);
  return parts.join('  ');
}
