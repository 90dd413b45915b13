import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Conversation } from './conversation';
import { Delivery } from './delivery';
import type { Message } from './message';
import { Outbox } from './outbox';
import { tickOf } from './receipts';
import { ME, OTHER } from './testing/messages';
import { SimulatedServer } from './testing/simulated-server';
import { settled, TestClock } from './testing/test-clock';
import { TestLive } from './testing/test-live';

function aScene() {
  const live = new TestLive();
  const clock = new TestClock();
  const server = new SimulatedServer(live);
  const store = { load: () => [], put: () => {}, remove: () => {} };
  const send = () => Promise.reject(new Error('not used'));
  const outbox = new Outbox({ store, send, newId: () => 'c-1', clock });
  const delivery = new Delivery(async () => {}, clock);
  const conversation = new Conversation({ roomId: 'room', viewerId: ME, api: server, live, outbox, delivery, clock });
  return { server, clock, conversation };
}

type Scene = ReturnType<typeof aScene>;

/** Something that happens: on the server, between the phone and the server, or on the phone. */
interface Step extends Partial<fc.WithToStringMethod> {
  words: string;
  run(scene: Scene): void | Promise<void>;
}

const step = (words: string, run: Step['run']): Step => ({ words, run, [fc.toStringMethod]: () => words });

/** The `seq`s of the messages from the `last`th from the end on. */
const recent = (messages: readonly Message[], last: number, count: number): number[] =>
  messages
    .slice(-last)
    .slice(0, count)
    .map(({ seq }) => seq);

const small = fc.integer({ min: 1, max: 8 });
const far = fc.integer({ min: 1, max: 120 });

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(fc.constantFrom(ME, OTHER), fc.oneof({ arbitrary: small, weight: 4 }, far))
    .map(([who, count]) => step(`${who} says ${count}`, ({ server }) => server.say(who, count))),
  fc.tuple(far, small).map(([last, count]) =>
    step(`${count} from the ${last}th last are edited`, ({ server }) =>
      server.change(recent(server.messages, last, count), () => ({
        text: `edited at ${server.revision}`,
        editedAt: `${server.revision}`,
      })),
    ),
  ),
  fc
    .tuple(far, small)
    .map(([last, count]) =>
      step(`${count} from the ${last}th last are deleted`, ({ server }) =>
        server.change(recent(server.messages, last, count), () => ({ text: '', isDeleted: true })),
      ),
    ),
  fc
    .tuple(far, far)
    .map(([last, count]) =>
      step(`the other reads ${count} from the ${last}th last`, ({ server }) =>
        server.readByOther(recent(server.messages, last, count)),
      ),
    ),
  far.map((last) =>
    step(`all but ${last} are delivered`, ({ server }) => server.delivered(Math.max(0, server.messages.length - last))),
  ),
  fc.constant(step('Firebase is written', ({ server }) => server.mirror())),
  fc.boolean().map((is) => step(is ? 'connected' : 'disconnected', ({ server }) => server.connect(is))),
  fc.tuple(fc.nat(5), fc.boolean()).map(([at, isLost]) =>
    step(`response ${at} ${isLost ? 'is lost' : 'arrives'}`, ({ server: { responses } }) => {
      const [response] = responses.splice(at % Math.max(1, responses.length), 1);
      if (isLost) response?.lose();
      else response?.deliver();
    }),
  ),
  fc.constant(step('time passes', ({ clock }) => clock.pass(5_000))),
  fc.constant(step('the viewer scrolls back', ({ conversation }) => void conversation.loadOlder())),
  small.map((last) =>
    step(`the viewer sees the ${last} last`, ({ conversation }) =>
      conversation.setOnScreen(recent(conversation.messages, last, last), true),
    ),
  ),
);

/** Firebase is up to date and connected again, and every response arrives. */
async function quiet({ server, clock }: Scene): Promise<void> {
  server.mirror();
  server.connect(false);
  server.connect(true);
  do {
    for (const { deliver } of server.responses.splice(0)) deliver();
    await clock.pass(31_000);
    server.mirror();
  } while (server.responses.length > 0);
}

/**
 * What PostgreSQL and the phone must agree on. A device has its own clock for what its user reads, and a deleted message is
 * neither read nor unread.
 */
const stateOf = (message: Message) => {
  const { seq, id, senderId, text, isDeleted, editedAt, readAt } = message;
  const read = isDeleted || (senderId === ME ? readAt : readAt !== null);
  return { seq, id, senderId, text, isDeleted, editedAt, read };
};

test('any interleaving of REST, live events, edits, deletions and receipts ends in the state of PostgreSQL', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(130), fc.array(anyStep, { maxLength: 40, size: 'max' }), async (before, steps) => {
      const scene = aScene();
      const { server, conversation } = scene;
      server.say(OTHER, before);
      conversation.setVisible(true);
      conversation.open();
      server.mirror();
      for (const { run } of steps) {
        await run(scene);
        await settled();
      }
      await quiet(scene);

      const shown = conversation.messages;
      const oldest = shown[0]?.seq ?? 1;
      expect(shown.length).toBeGreaterThanOrEqual(Math.min(50, server.messages.length));
      expect(shown.map(stateOf)).toEqual(server.messages.slice(oldest - 1).map(stateOf));
      for (const message of shown.filter(({ senderId, isDeleted }) => senderId === ME && !isDeleted)) {
        const stored = server.messages[message.seq - 1]!;
        expect(conversation.tickOf(message)).toBe(tickOf(stored, server.receipts));
      }
      conversation.close();
    }),
    { numRuns: 500 },
  );
}, 60_000);

test('without an interruption, live events alone are enough', async () => {
  const uninterrupted = anyStep.filter(({ words }) => !/connected|lost|scrolls|says \d\d/.test(words));
  await fc.assert(
    fc.asyncProperty(fc.array(uninterrupted, { maxLength: 12 }), async (steps) => {
      const scene = aScene();
      const { server, clock, conversation } = scene;
      const answerAll = async () => {
        for (const { deliver } of server.responses.splice(0)) deliver();
        await clock.pass(2_000);
      };
      conversation.setVisible(true);
      conversation.open();
      await answerAll();
      server.mirror();
      for (const { run } of steps) {
        await run(scene);
        await answerAll();
        server.mirror();
        await answerAll();
      }
      fc.pre(server.messages.length <= 50);
      expect(conversation.messages.map(stateOf)).toEqual(server.messages.map(stateOf));
      conversation.close();
    }),
    { numRuns: 100 },
  );
}, 60_000);
