import { assertFails, assertSucceeds, initializeTestEnvironment } from '@firebase/rules-unit-testing';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setLogLevel } from 'firebase/app';
import { message, metadata, typing, world } from '../../firebase/world.mjs';
import { peer } from './testing/peer.mjs';

setLogLevel('silent');

const { host, port, namespace } = await peer();
const rules = readFileSync(new URL('../../firebase/database.rules.json', import.meta.url), 'utf8');
const environment = await initializeTestEnvironment({ projectId: namespace, database: { host, port, rules } });
after(() => environment.cleanup());
beforeEach(async () => {
  await environment.clearDatabase();
  await environment.withSecurityRulesDisabled((context) => context.database().ref('/').set(world));
});

describe('the rules, as @firebase/rules-unit-testing sees them', () => {
  let driver, client, stranger, nobody, impostor;
  before(() => {
    const of = (uid) => environment.authenticatedContext(uid).database();
    [driver, client, stranger, impostor] = ['driver-1', 'client-1', 'stranger-1', 'chat-backend'].map(of);
    nobody = environment.unauthenticatedContext().database();
  });

  it('only participants can read', async () => {
    await assertSucceeds(driver.ref('chats/open').get());
    await assertSucceeds(client.ref('chats/open/messages').orderByChild('timestamp').limitToLast(50).get());
    await assertFails(stranger.ref('chats/open').get());
    await assertFails(nobody.ref('chats/open').get());
    await assertFails(driver.ref('chats').get());
  });

  it('a participant can write only their own typing entry', async () => {
    await assertSucceeds(client.ref('chats/open/typing/client-1').set(typing));
    await assertSucceeds(client.ref('chats/open/typing/client-1').remove());
    await assertFails(client.ref('chats/open/typing/driver-1').set(typing));
    await assertFails(client.ref('chats/closed/typing/client-1').set(typing));
    await assertFails(client.ref('chats/open/messages/m2').set(message('m2')));
    await assertFails(client.ref('chats/open/metadata/is_active').set(false));
    await assertFails(client.ref('chats/open').remove());
  });

  it('a client with the uid chat-backend is not the backend', async () => {
    await assertFails(impostor.ref('chats/open').update({ metadata: metadata({ revision: 6 }) }));
    await assertFails(impostor.ref('chats/open').get());
  });
});
