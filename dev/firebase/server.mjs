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
 * Starts a stand-in for the Firebase Realtime Database, Cloud Messaging, and the parts of Google's sign-in
 * that they need.
 * rules           path of a rules file, or its content
 * serviceAccount  path of a service account's key file, or its content (default: a new account)
 * project         that of another stand-in: a further database of the same project, which accepts the same tokens
 * data            directory for the data (default: in memory)
 * accessTokenSeconds, idTokenSeconds  lifetime of the issued tokens (default: an hour, as Google's)
 * fence           false lets `auth_variable_override` bypass the rules, to show why the fence is necessary
 * @returns {Promise<{port: number, url: string, project: object, close: () => Promise<void>}>}
 */
export async function startStandIn({
  host = '127.0.0.1',
  port = 0,
  rules: rulesSource,
  serviceAccount,
  project,
  data,
  accessTokenSeconds,
  idTokenSeconds,
  fence = true,
}) {
  const account = project?.account ?? serviceAccountOf(contentOf(serviceAccount) ?? newServiceAccount());
  const rules = new Rules(contentOf(rulesSource));
  // Longer than any client keeps an idle connection, so that no connection closes while a client reuses it.
  const server = createServer({ keepAliveTimeout: 620_000 });
  server.listen(port, host);
  await once(server, 'listening');

  // Only after the port is bound: if it is in use, the data belongs to the running server.
  const storage = data === undefined ? new NoStorage() : new Storage(data);
  const namespaces = new Namespaces({ projectId: account.projectId, rules, storage });
  const oauth = project?.oauth ?? new OAuth(account, { lifeSeconds: accessTokenSeconds });
  const identity =
    project?.identity ?? new Identity(account, { signingKey: signingKey(data), lifeSeconds: idTokenSeconds });
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
    project: { account, oauth, identity },
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

/** Returns JSON from a file's path, or the value itself. */
const contentOf = (source) => (typeof source === 'string' ? JSON.parse(readFileSync(source, 'utf8')) : source);
