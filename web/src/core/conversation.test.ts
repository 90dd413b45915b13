import { beforeEach, describe, expect, test } from 'vitest';
import type { FirebaseMetadata } from '../../generated/typescript';
import { Conversation } from './conversation';
import { Delivery, type DeliveryReceipt } from './delivery';
import { CallError } from './errors';
import { text } from './message';
import { Outbox } from './outbox';
import { noSnapshots, type RoomSnapshot } from './snapshots';
import { aMessage, ME, messagesOf, OTHER, seqs } from './testing/messages';
import { settled, TestClock } from './testing/test-clock';
import { TestLive } from './testing/test-live';
import { aRoom, TestRoom } from './testing/test-room';

let server: TestRoom;
let live: TestLive;
let clock: TestClock;
let conversation: Conversation;
let outbox: Outbox;
let delivery: Delivery;
let delivered: DeliveryReceipt[];

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
  delivered = [];
  delivery = new Delivery(async (receipts) => void delivered.push(...receipts), clock);
  conversation = new Conversation({ roomId: 'room', viewerId: ME, api: server, live, outbox, delivery, clock });
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
    expect(server.calls).toEqual(['changes since 3']);
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

  test('a room does not poll while only the database of others is lost', async () => {
    await open({ isVisible: true });
    live.loseAnother();
    await clock.pass(60_000);
    expect(server.calls).toEqual([]);
  });

  test('a listener that starts before the mirror is rejected and listens again', async () => {
    conversation.open();
    live.reject();
    expect(live.listeners.messages.size).toBe(0);
    await clock.pass(1_000);
    live.emit(aMessage(1));
    expect(seqs(conversation.messages)).toEqual([1]);
  });

  test('a rejected listener starts at once when the connection is back', async () => {
    conversation.open();
    for (const pause of [1_000, 2_000, 4_000, 0]) {
      live.reject();
      await clock.pass(pause);
    }
    expect(live.listeners.messages.size).toBe(0);
    conversation.wake();
    expect(live.listeners.messages.size).toBe(1);
    live.reject();
    await clock.pass(1_000);
    expect(live.listeners.messages.size).toBe(1);
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

  test('what was on the screen before the room was loaded does not count', async () => {
    server.messages = messagesOf(1, 60);
    server.unread = 60;
    conversation.setVisible(true);
    conversation.open();
    live.emit(...messagesOf(11, 60));
    show(59, 60);
    await settled();
    expect(conversation.firstUnread).toBe(1);
    expect(conversation.unseen).toBe(60);
    show(1, 2);
    await settled();
    expect(server.calls.at(-1)).toBe('read id-1,id-2');
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
});

describe('the life of a message', () => {
  const ticks = () => conversation.messages.map((message) => conversation.tickOf(message));
  const receipts = (delivered_seq: number, read_seq: number) =>
    live.listeners.receipts.forEach(({ received }) => received({ delivered_seq, read_seq }));

  test('the other participant’s watermarks are the ticks', async () => {
    server.messages = messagesOf(1, 3, { senderId: ME });
    await open();
    expect(ticks()).toEqual(['sent', 'sent', 'sent']);
    receipts(2, 1);
    expect(ticks()).toEqual(['read', 'delivered', 'sent']);
    receipts(1, 0);
    expect(ticks()).toEqual(['read', 'delivered', 'sent']);
  });

  test('a watermark also counts for messages that Firebase no longer has', async () => {
    server.messages = messagesOf(1, 60, { senderId: ME });
    await open();
    await conversation.loadOlder();
    receipts(60, 60);
    expect(new Set(ticks())).toEqual(new Set(['read']));
    expect(server.calls).toEqual(['after 0 limit 10']);
  });

  test('after an interruption, one call brings edits, deletions and receipts', async () => {
    server.messages = messagesOf(1, 60, { senderId: ME });
    await open();
    await conversation.loadOlder();
    live.connect(false);
    server.change('id-1', { text: 'corrigé', editedAt: 'now' });
    server.change('id-2', { text: '', isDeleted: true });
    server.receipts = { [OTHER]: { delivered_seq: 60, read_seq: 0 }, [ME]: { delivered_seq: 99, read_seq: 99 } };
    server.calls = [];
    live.connect(true);
    await settled();
    expect(server.calls).toEqual(['changes since 60']);
    expect(conversation.messages.slice(0, 2).map(({ text, isDeleted }) => [text, isDeleted])).toEqual([
      ['corrigé', false],
      ['', true],
    ]);
    expect(new Set(ticks())).toEqual(new Set(['delivered']));
  });

  test('a received message is reported as delivered, unless it is read at once', async () => {
    await open({ isVisible: true });
    live.emit(aMessage(1), aMessage(2));
    await clock.pass(1_000);
    expect(delivered).toEqual([{ chat_room_id: 'room', seq: 2 }]);
    live.emit(aMessage(3));
    server.messages = messagesOf(1, 3);
    conversation.setOnScreen([1, 2, 3], true);
    await clock.pass(60_000);
    expect(delivered).toHaveLength(1);
  });

  test('a deleted message is not unread', async () => {
    server.messages = messagesOf(1, 2);
    await open();
    expect(conversation.unseen).toBe(2);
    live.emit(server.change('id-1', { text: '', isDeleted: true }));
    expect(conversation.unseen).toBe(1);
  });

  test('the viewer’s own messages can be edited and deleted for 15 minutes, in an open room', async () => {
    server.messages = [aMessage(1, { senderId: ME }), aMessage(2)];
    await open();
    const [own, others] = conversation.messages;
    expect([conversation.canChange(own!), conversation.canChange(others!)]).toEqual([true, false]);
    await conversation.edit(own!, 'corrigé');
    expect(conversation.messages[0]).toMatchObject({ text: 'corrigé', editedAt: 'now' });
    await conversation.delete(own!);
    expect(conversation.messages[0]).toMatchObject({ text: '', isDeleted: true });
    expect(conversation.canChange(conversation.messages[0]!)).toBe(false);
    await clock.pass(15 * 60_000);
    expect(conversation.canChange(own!)).toBe(false);
  });

  test.each([
    [0, 0, false],
    [60, 59_000, true],
    [60, 60_000, false],
  ])('with a window of %i s, a message can be edited after %i ms: %s', async (edit_window_seconds, age, expected) => {
    server.messages = [aMessage(1, { senderId: ME })];
    server.room = async () => aRoom({ edit_window_seconds });
    await open();
    await clock.pass(age);
    expect(conversation.canChange(conversation.messages[0]!)).toBe(expected);
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
        delivery,
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
  const emit = (is_active: boolean) =>
    live.listeners.metadata.forEach(({ received }) => received({ is_active } as FirebaseMetadata));
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

describe('blocking', () => {
  const emit = (blocked?: Record<string, boolean>) =>
    live.listeners.metadata.forEach(({ received }) => received({ is_active: true, blocked } as FirebaseMetadata));

  test('a blocked viewer cannot write until the block ends', async () => {
    await open();
    expect(conversation.refusal).toBeNull();
    emit({ [ME]: true });
    expect(conversation.refusal).toBe('Vous ne pouvez pas écrire à cette personne.');
    emit();
    expect(conversation.refusal).toBeNull();
  });

  test('without Firebase, the rejection of a message shows the block', async () => {
    await open();
    outbox = new Outbox({
      store: { load: () => [], put: () => {}, remove: () => {} },
      send: () => Promise.reject(new CallError(403, 'Non.')),
      newId: () => 'c-1',
      clock,
    });
    conversation = new Conversation({ roomId: 'room', viewerId: ME, api: server, live, outbox, delivery, clock });
    await open();
    conversation.send(text('Bonjour'));
    await settled();
    expect(conversation.refusal).toBe('Non.');
    outbox.discard('c-1');
    expect(conversation.refusal).toBeNull();
  });

  test('the viewer blocks and unblocks the other participant', async () => {
    await open();
    await conversation.block(true);
    expect(server.calls).toEqual([`block ${OTHER} true`]);
    expect(conversation.room!.is_blocked).toBe(true);
    emit();
    expect(conversation.room!.is_blocked).toBe(false);
  });
});
