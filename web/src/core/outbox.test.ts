import { beforeEach, describe, expect, test } from 'vitest';
import { CallError } from './errors';
import { text, type Message } from './message';
import { echoes, Outbox, type Outgoing, type OutboxStore } from './outbox';
import { aMessage, anOutgoing, ME, OTHER } from './testing/messages';
import { settled, TestClock } from './testing/test-clock';

const NO_ANSWER = new CallError(null, 'Pas de réponse du serveur.');

/** A server that recognises repeats and can be made to fail. */
class Server {
  stored: { clientMessageId: string; message: Message }[] = [];
  calls: string[] = [];
  /** The errors of the next calls; `afterwards`: the message is stored despite the error. */
  failures: ({ error: CallError; afterwards?: boolean } | null)[] = [];

  send = async (item: Outgoing): Promise<Message> => {
    this.calls.push(item.text);
    const failure = this.failures.shift();
    if (failure && !failure.afterwards) throw failure.error;
    const message = this.#store(item);
    if (failure) throw failure.error;
    return message;
  };

  get texts() {
    return this.stored.map(({ message }) => message.text);
  }

  #store(item: Outgoing): Message {
    const known = this.stored.find(({ clientMessageId }) => clientMessageId === item.clientMessageId);
    if (known) return known.message;
    const message = aMessage(this.stored.length + 1, { senderId: ME, text: item.text });
    this.stored.push({ clientMessageId: item.clientMessageId, message });
    return message;
  }
}

class MemoryStore implements OutboxStore {
  items = new Map<string, string>();
  load = () => [...this.items.values()].map((item) => JSON.parse(item) as Outgoing);
  put = (item: Outgoing) => void this.items.set(item.clientMessageId, JSON.stringify(item));
  remove = (id: string) => void this.items.delete(id);
}

let server: Server;
let store: MemoryStore;
let clock: TestClock;
let ids: number;
const anOutbox = () => {
  const outbox = new Outbox({ store, send: server.send, newId: () => `c-${(ids += 1)}`, clock });
  outbox.start();
  return outbox;
};
const textsOf = (outbox: Outbox, roomId = 'room') => outbox.of(roomId).map((item) => item.text);

beforeEach(() => {
  server = new Server();
  store = new MemoryStore();
  clock = new TestClock();
  ids = 0;
});

describe('sending', () => {
  test('shows the message at once and removes it after the response', async () => {
    const outbox = anOutbox();
    const delivered: string[] = [];
    outbox.onDelivered((item, message) => delivered.push(`${item.clientMessageId} is ${message.id}`));
    outbox.add('room', text(' Bonjour '), 0);
    expect(textsOf(outbox)).toEqual(['Bonjour']);
    await settled();
    expect(textsOf(outbox)).toEqual([]);
    expect(delivered).toEqual(['c-1 is id-1']);
    expect(store.items.size).toBe(0);
  });

  test('keeps the order of a room, one message at a time', async () => {
    const outbox = anOutbox();
    server.failures = [{ error: NO_ANSWER }];
    for (const words of ['un', 'deux', 'trois']) outbox.add('room', text(words), 0);
    await settled();
    expect(server.calls).toEqual(['un']);
    await clock.pass(1_000);
    expect(server.texts).toEqual(['un', 'deux', 'trois']);
  });

  test('a waiting room delays no other', async () => {
    const outbox = anOutbox();
    server.failures = [{ error: NO_ANSWER }];
    outbox.add('room', text('un'), 0);
    await settled();
    outbox.add('another', text('deux'), 0);
    await settled();
    expect(server.texts).toEqual(['deux']);
  });
});

describe('without a response', () => {
  test('the message is sent again with growing pauses', async () => {
    const outbox = anOutbox();
    server.failures = Array.from({ length: 3 }, () => ({ error: NO_ANSWER }));
    outbox.add('room', text('Bonjour'), 0);
    const calls = async (milliseconds: number) => {
      await clock.pass(milliseconds);
      return server.calls.length;
    };
    expect(await calls(0)).toBe(1);
    expect(await calls(999)).toBe(1);
    expect(await calls(1)).toBe(2);
    expect(await calls(1_999)).toBe(2);
    expect(await calls(1)).toBe(3);
    expect(await calls(4_000)).toBe(4);
    expect(server.texts).toEqual(['Bonjour']);
  });

  test('a message that was stored in spite of the error is not stored twice', async () => {
    const outbox = anOutbox();
    server.failures = [{ error: NO_ANSWER, afterwards: true }];
    outbox.add('room', text('Bonjour'), 0);
    await clock.pass(1_000);
    expect(server.calls).toEqual(['Bonjour', 'Bonjour']);
    expect(server.texts).toEqual(['Bonjour']);
    expect(textsOf(outbox)).toEqual([]);
  });

  test('a reconnect ends the pause', async () => {
    const outbox = anOutbox();
    server.failures = [{ error: NO_ANSWER }];
    outbox.add('room', text('Bonjour'), 0);
    await settled();
    outbox.wake();
    await settled();
    expect(server.texts).toEqual(['Bonjour']);
  });

  test('the message survives the end of the app, with its id', async () => {
    const outbox = anOutbox();
    server.failures = [{ error: NO_ANSWER, afterwards: true }];
    outbox.add('room', text('un'), 0);
    outbox.add('room', text('deux'), 0);
    await settled();
    outbox.stop();

    const next = anOutbox();
    expect(textsOf(next)).toEqual(['un', 'deux']);
    await settled();
    expect(server.texts).toEqual(['un', 'deux']);
  });

  test('the server’s own pause is used if it is longer', async () => {
    const outbox = anOutbox();
    server.failures = [{ error: new CallError(429, 'Requête ralentie.', 7) }];
    outbox.add('room', text('Bonjour'), 0);
    await clock.pass(6_999);
    expect(server.calls.length).toBe(1);
    await clock.pass(1);
    expect(server.calls.length).toBe(2);
  });
});

describe('a rejected message', () => {
  test('stays visible with its reason and delays nothing', async () => {
    const outbox = anOutbox();
    server.failures = [{ error: new CallError(400, 'Cette conversation n’est plus active.') }];
    outbox.add('room', text('un'), 0);
    outbox.add('room', text('deux'), 0);
    await clock.pass(60_000);
    expect(server.texts).toEqual(['deux']);
    expect(outbox.of('room').map(({ rejection }) => rejection)).toEqual(['Cette conversation n’est plus active.']);
  });

  test('can be sent again or discarded', async () => {
    const outbox = anOutbox();
    const error = new CallError(400, 'Non.');
    server.failures = [{ error }, { error }];
    const first = outbox.add('room', text('un'), 0);
    const second = outbox.add('room', text('deux'), 0);
    await settled();
    outbox.retry(first.clientMessageId);
    outbox.discard(second.clientMessageId);
    await settled();
    expect(server.texts).toEqual(['un']);
    expect(textsOf(outbox)).toEqual([]);
    expect(store.items.size).toBe(0);
  });
});

describe('echoes', () => {
  const mine = (seq: number, words = 'Bonjour') => aMessage(seq, { senderId: ME, text: words });

  test('a live message that is still pending is shown once', () => {
    expect(echoes([mine(3)], [anOutgoing({ afterSeq: 2 })], ME)).toEqual(new Set(['id-3']));
  });

  test.each([
    ['that the other one wrote', [aMessage(3, { text: 'Bonjour', senderId: OTHER })], anOutgoing()],
    ['that says something else', [mine(3, 'Bonsoir')], anOutgoing()],
    ['that is older', [mine(3)], anOutgoing({ afterSeq: 3 })],
    ['of what was never sent', [mine(3)], anOutgoing({ attempts: 0 })],
    ['of what was rejected', [mine(3)], anOutgoing({ rejection: 'Non.' })],
  ])('a message %s is none', (_, messages, item) => {
    expect(echoes(messages, [item], ME).size).toBe(0);
  });

  test('two messages with the same content are distinguished by their responses', async () => {
    const outbox = anOutbox();
    server.failures = [null, { error: NO_ANSWER, afterwards: true }];
    outbox.add('room', text('ok'), 0);
    outbox.add('room', text('ok'), 0);
    await settled();
    const messages = server.stored.map(({ message }) => message);
    expect(echoes(messages, outbox.of('room'), ME)).toEqual(new Set(['id-2']));
  });
});
