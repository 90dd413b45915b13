import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Control } from './control/control.mjs';
import { Credentials } from './sign-in/credentials.mjs';
import { Faults } from './control/faults.mjs';
import { Identity } from './sign-in/identity.mjs';
import { Messaging } from './messaging/messaging.mjs';
import { Namespaces } from './data/namespaces.mjs';
import { OAuth } from './sign-in/oauth.mjs';
import { RequestHandler } from './http/request-handler.mjs';
import { RequestJournal } from './control/request-journal.mjs';
import { Rules } from './rules/rules.mjs';
import { newServiceAccount, serviceAccountOf } from './sign-in/service-account.mjs';
import { signingKey } from './sign-in/signing-key.mjs';
import { NoStorage, Storage } from './data/storage.mjs';
import { acceptSockets } from './socket/websocket.mjs';

/**
 * Starts a stand-in of the Firebase Realtime Database and of Cloud Messaging, and of what of Google's sign-in they take.
 *
 * rules           path of a rules file, or its content
 * serviceAccount  path of a service account's key file, or its content (default: a fresh one)
 * data            directory that keeps the data (default: in memory)
 * accessTokenSeconds, idTokenSeconds  life of the tokens it issues (default: an hour, as Google's)
 * fence           false lets `auth_variable_override` pass by the rules: only to show what the fence is for
 *
 * @returns {Promise<{port: number, url: string, close: () => Promise<void>}>}
 */
export async function startStandIn({
  host = '127.0.0.1',
  port = 0,
  rules: rulesSource,
  serviceAccount,
  data,
  accessTokenSeconds,
  idTokenSeconds,
  fence = true,
}) {
  const account = serviceAccountOf(contentOf(serviceAccount) ?? newServiceAccount());
  const rules = new Rules(contentOf(rulesSource));
  // Longer than any client's pool keeps an idle connection, so that none is cut as it is used again.
  const server = createServer({ keepAliveTimeout: 620_000 });
  server.listen(port, host);
  await once(server, 'listening');

  // Only now: whoever finds the port taken must not touch the data of who has it.
  const storage = data === undefined ? new NoStorage() : new Storage(data);
  const namespaces = new Namespaces({ projectId: account.projectId, rules, storage });
  const oauth = new OAuth(account, { lifeSeconds: accessTokenSeconds });
  const identity = new Identity(account, { signingKey: signingKey(data), lifeSeconds: idTokenSeconds });
  const credentials = new Credentials({ oauth, identity, fence });
  const faults = new Faults();
  const journal = new RequestJournal();
  const messaging = new Messaging(account, oauth);
  const control = new Control({ faults, journal, credentials, namespaces, messaging, oauth });
  const handler = new RequestHandler({ control, oauth, identity, messaging, credentials, namespaces, faults, journal });
  server.on('request', (request, response) => handler.handle(request, response));
  const sockets = acceptSockets(server, { namespaces, credentials });

  const { port: actualPort } = server.address();
  return {
    port: actualPort,
    url: `http://${host}:${actualPort}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      sockets.close();
      server.closeAllConnections();
      await closed;
      storage.close(namespaces.roots());
    },
  };
}

/** JSON from a file's path, or as it is. */
const contentOf = (source) => (typeof source === 'string' ? JSON.parse(readFileSync(source, 'utf8')) : source);
