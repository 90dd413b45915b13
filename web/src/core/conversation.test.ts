import { beforeEach, describe, expect, test } from 'vitest';
import { Conversation } from './conversation';
import { CallError } from './errors';
import { text } from './message';
import { Outbox } from './outbox';
import { noSnapshots, type RoomSnapshot } from './snapshots';
import { aMessage, ME, messagesOf, seqs } from './testing/messages';
import { settled, TestClock } from './testing/test-clock';
import { TestLive } from './testing/test-live';
import { aRoom, TestRoom } from './testing/test-room';

let server: TestRoom;
let live: TestLive;
let clock: TestClock;
let conversation: Conversation;
let outbox: Outbox;

beforeEach(() => {
  server = new TestRoom();
  live = new TestLive();
  clock = new TestClock();
  const store = { load: () => [], put: () => {}, remove: () => {} };
  const send = async ({ text }: { text: string }) => {
    if (server.isDown) throw new CallError(null, 'Pas de réponse du serveur.');
    const message = aMessage(server.messages.length + 1, { senderId: ME, text });
    server.messages.push(message);
    return message;
  };
  outbox = new Outbox({ store, send, newId: () => 'c-1', clock });
  conversation = new Conversation({ roomId: 'room', viewerId: ME, api: server, live, outbox, clock });
});

const range = (first: number, last: number) => seqs(messagesOf(first, last));

async function open({ isVisible = false } = {}) {
  conversation.setVisible(isVisible);
  conversation.open();
  live.emit(...server.messages.slice(-50));
  await settled();
  server.calls = [];
}

describe('history', () => {
  test('starts with the newest page and goes back to the first message, without a gap', async () => {
    server.messages = messagesOf(1, 200);
    await open();
    expect(seqs(conversation.messages)).toEqual(range(151, 200));
    for (let n = 0; conversation.hasOlder; n += 1) {
      expect(n).toBeLessThan(10);
      await conversation.loadOlder();
    }
    expect(seqs(conversation.messages)).toEqual(range(1, 200));
    expect(server.calls.at(0)).toBe('after 130 limit 20');
    expect(server.calls.at(-1)).toBe('after 0 limit 10');
  });

  test('a page that fails can be requested again', async () => {
    server.messages = messagesOf(1, 70);
    await open();
    server.isDown = true;
    await conversation.loadOlder();
    server.isDown = false;
    await conversation.loadOlder();
    expect(seqs(conversation.messages)).toEqual(range(1, 70));
  });

  test('a server that is down at first is called until it responds', async () => {
    server.messages = messagesOf(1, 3);
    server.isDown = true;
    conversation.open();
    await settled();
    expect(conversation.room).toBeNull();
    server.isDown = false;
    await clock.pass(1_000);
    expect(seqs(conversation.messages)).toEqual([1, 2, 3]);
  });

  test('another’s room is a problem and is not requested again', async () => {
    server.room = async () => {
      throw new CallError(404, 'Pas trouvé.');
    };
    await open();
    await clock.pass(60_000);
    expect(conversation.problem).toBe('Pas trouvé.');
  });
});

describe('catching up', () => {
  test('a gap that a live message shows is filled', async () => {
    server.messages = messagesOf(1, 3);
    await open();
    server.messages = messagesOf(1, 130);
    live.emit(...messagesOf(81, 130));
    await settled();
    expect(server.calls).toEqual(['after 3 limit 77']);
    expect(seqs(conversation.messages)).toEqual(range(1, 130));
  });

  test('a reconnect fetches the messages after the newest', async () => {
    server.messages = messagesOf(1, 3);
    await open();
    live.connect(false);
    server.messages = messagesOf(1, 250);
    live.connect(true);
    await settled();
    expect(server.calls.slice(0, 3)).toEqual(['after 3 limit 100', 'after 103 limit 100', 'after 203 limit 100']);
    expect(seqs(conversation.messages)).toEqual(range(1, 250));
  });

  test('a failed fetch continues later', async () => {
    server.messages = messagesOf(1, 3);
    await open();
    server.isDown = true;
    server.messages = messagesOf(1, 60);
    live.emit(aMessage(60));
    await settled();
    expect(seqs(conversation.messages)).toEqual([1, 2, 3, 60]);
    server.isDown = false;
    await clock.pass(1_000);
    expect(seqs(conversation.messages)).toEqual(range(1, 60));
  });

  test('without Firebase, a visible room still receives new messages', async () => {
    await open({ isVisible: true });
    live.connect(false);
    server.messages = messagesOf(1, 2, { readAt: 'now' });
    await clock.pass(5_000);
    expect(seqs(conversation.messages)).toEqual([1, 2]);
  });

  test('a listener that starts before the mirror is rejected and listens again', async () => {
    conversation.open();
    live.reject();
    expect(live.listeners.messages.size).toBe(0);
    await clock.pass(1_000);
    live.emit(aMessage(1));
    expect(seqs(conversation.messages)).toEqual([1]);
  });
});

describe('sending', () => {
  test('a live event before the response shows nothing twice', async () => {
    await open();
    server.isDown = true;
    conversation.send(text('Bonjour'));
    await settled();
    const stored = aMessage(1, { senderId: ME, text: 'Bonjour' });
    live.emit(stored);
    expect([conversation.messages.length, conversation.waiting.length]).toEqual([0, 1]);

    server.isDown = false;
    await clock.pass(1_000);
    expect([conversation.messages.length, conversation.waiting.length]).toEqual([1, 0]);
  });

  test('a sent message appears without Firebase', async () => {
    await open();
    conversation.send(text('Bonjour'));
    await settled();
    expect(conversation.messages.map((message) => message.text)).toEqual(['Bonjour']);
  });
});

describe('reading', () => {
  const show = (...shown: number[]) => conversation.setOnScreen(shown, true);

  test('messages on the screen are read only while the app is visible', async () => {
    server.messages = messagesOf(1, 2);
    server.unread = 2;
    await open();
    show(1, 2);
    await settled();
    expect(server.messages.every(({ readAt }) => readAt === null)).toBe(true);
    conversation.setVisible(true);
    await settled();
    expect(server.messages.every(({ readAt }) => readAt !== null)).toBe(true);
  });

  test('only messages that were on the screen are read, each once', async () => {
    server.messages = messagesOf(1, 60);
    server.unread = 60;
    await open({ isVisible: true });
    expect(conversation.unseen).toBe(60);
    show(1, 2);
    show(2);
    await settled();
    expect(server.calls).toEqual(['read id-1,id-2']);
    expect(conversation.unseen).toBe(58);
    live.emit(aMessage(61));
    await settled();
    expect(conversation.unseen).toBe(59);
    show(61);
    await settled();
    expect(server.calls).toEqual(['read id-1,id-2', 'read id-61']);
  });

  test('opening loads the unread messages, so that the viewer starts at the first', async () => {
    server.messages = [...messagesOf(1, 100, { readAt: 'now' }), ...messagesOf(101, 160)];
    server.unread = 60;
    conversation.open();
    await settled();
    expect(conversation.firstUnread).toBe(101);
    expect(conversation.messages[0]!.seq).toBe(101);
  });

  test('when the app becomes visible again, unread starts at the messages that arrived meanwhile', async () => {
    await open({ isVisible: true });
    conversation.setVisible(false);
    live.emit(aMessage(1));
    await settled();
    expect(conversation.firstUnread).toBe(null);
    conversation.setVisible(true);
    expect(conversation.firstUnread).toBe(1);
  });

  test('a receipt that does not arrive is sent again', async () => {
    await open({ isVisible: true });
    server.isDown = true;
    live.emit(aMessage(1));
    live.emit(aMessage(2));
    show(1, 2);
    await settled();
    server.isDown = false;
    server.calls = [];
    await clock.pass(1_000);
    expect(server.calls).toEqual(['read id-1,id-2']);
  });

  test('own messages need no receipt', async () => {
    await open({ isVisible: true });
    live.emit(aMessage(1, { senderId: ME }));
    show(1);
    await settled();
    expect(server.calls).toEqual([]);
  });

  test('a message of the platform is read by both', async () => {
    await open({ isVisible: true });
    live.emit(aMessage(1, { senderId: null, type: 'system' }));
    show(1);
    await settled();
    expect(server.calls).toEqual(['read id-1']);
  });

  test('a receipt among the newest messages also fetches those that Firebase no longer has', async () => {
    server.messages = messagesOf(1, 60, { senderId: ME });
    await open();
    await conversation.loadOlder();
    server.messages = messagesOf(1, 60, { senderId: ME, readAt: 'now' });
    live.emit(...server.messages.slice(-50));
    await settled();
    expect(conversation.messages.filter(({ readAt }) => readAt === null)).toEqual([]);
  });
});

describe('without a connection', () => {
  test('opening a room shows its last known state, and then the present one', async () => {
    server.messages = messagesOf(1, 3);
    const saved = new Map<string, RoomSnapshot>();
    const snapshots = { ...noSnapshots, room: (id: string) => saved.get(id) ?? null, saveRoom: saved.set.bind(saved) };
    const again = () =>
      new Conversation({
        roomId: 'room',
        viewerId: ME,
        api: server,
        live,
        outbox,
        clock,
        snapshots: snapshots as never,
      });
    again().open();
    await settled();

    server.isDown = true;
    const offline = again();
    offline.open();
    expect(offline.room!.id).toBe('room');
    expect(seqs(offline.messages)).toEqual([1, 2, 3]);
    server.isDown = false;
    server.messages = messagesOf(1, 60);
    await settled();
    await clock.pass(1_000);
    expect(seqs(offline.messages)).toEqual(range(1, 60));
  });
});

test('a room whose other participant was deleted opens', async () => {
  server.room = async () => aRoom({ other_participant: null as never });
  server.messages = messagesOf(1, 1);
  await open();
  expect(conversation.problem).toBeNull();
  expect(seqs(conversation.messages)).toEqual([1]);
});

test('a closed conversation receives and requests nothing more', async () => {
  await open({ isVisible: true });
  conversation.close();
  live.connect(false);
  await clock.pass(60_000);
  expect(server.calls).toEqual([]);
  expect(Object.values(live.listeners).filter(({ size }) => size > 0)).toEqual([]);
});

test('a room that closes or reopens while it is shown changes its state', async () => {
  await open();
  const emit = (isActive: boolean) => live.listeners.isActive.forEach(({ received }) => received(isActive));
  emit(false);
  expect(conversation.room!.is_active).toBe(false);
  emit(true);
  expect(conversation.room!.is_active).toBe(true);
});

test('archiving changes the room once the server has done it', async () => {
  await open();
  server.isDown = true;
  expect(await conversation.archive(true)).toBe(false);
  expect(conversation.room!.is_archived).toBe(false);
  server.isDown = false;
  expect(await conversation.archive(true)).toBe(true);
  expect(conversation.room!.is_archived).toBe(true);
});
