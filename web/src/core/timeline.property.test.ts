import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Message } from './message';
import { aMessage, ME, OTHER } from './testing/messages';
import { Timeline } from './timeline';

/** A change of one message. The server applies it at the next revision of the room. */
const change = fc.constantFrom<(message: Message, at: string) => Partial<Message>>(
  ({ isDeleted }, at) => (isDeleted ? {} : { text: `corrigé ${at}`, editedAt: at }),
  () => ({ text: '', isDeleted: true }),
  ({ readAt, isDeleted }, at) => (isDeleted ? {} : { readAt: readAt ?? at }),
);

/** All states of a message, oldest first, as the server had them. */
const life = (seq: number) =>
  fc.tuple(fc.constantFrom(ME, OTHER), fc.array(change, { maxLength: 6 })).map(([senderId, changes]) => {
    const states = [aMessage(seq, { senderId, revision: seq * 100 })];
    changes.forEach((apply, at) => {
      const last = states.at(-1)!;
      states.push({ ...last, ...apply(last, `change ${at}`), revision: last.revision + 1 });
    });
    return states;
  });

/** The lives of a few messages, and copies of their states in any order, some of them several times. */
const scenario = fc
  .integer({ min: 1, max: 5 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => life(index + 1))))
  .chain((lives) => {
    const states = lives.flat();
    const copies = fc.tuple(fc.array(fc.constantFrom(...states), { maxLength: 20 }), fc.constant(states));
    const shuffled = copies.chain(([more, all]) => fc.shuffledSubarray([...more, ...all], { minLength: 0 }));
    return fc.record({ lives: fc.constant(lives), arrivals: shuffled });
  });

const lastOf = (lives: Message[][]) => lives.map((states) => states.at(-1)!);

test('copies in any order, any number of times, end in the last state', () => {
  fc.assert(
    fc.property(scenario, ({ lives, arrivals }) => {
      const timeline = new Timeline();
      for (const copy of arrivals) timeline.merge([copy]);
      timeline.merge(lastOf(lives));
      expect(timeline.messages).toEqual(lastOf(lives));
      expect(timeline.merge(arrivals), 'an old copy is not new').toBe(false);
      expect(timeline.messages).toEqual(lastOf(lives));
    }),
  );
});

test('a message never becomes older, unread or undeleted on the way', () => {
  fc.assert(
    fc.property(scenario, ({ arrivals }) => {
      const timeline = new Timeline();
      const before = new Map<number, Message>();
      for (const copy of arrivals) {
        timeline.merge([copy]);
        for (const message of timeline.messages) {
          const known = before.get(message.seq) ?? message;
          expect(message.revision).toBeGreaterThanOrEqual(known.revision);
          expect(known.readAt === null || message.readAt !== null).toBe(true);
          expect(!known.isDeleted || message.isDeleted).toBe(true);
          before.set(message.seq, message);
        }
      }
    }),
  );
});

test('one page at a time or all at once is the same', () => {
  fc.assert(
    fc.property(scenario, ({ arrivals }) => {
      const [oneByOne, atOnce] = [new Timeline(), new Timeline()];
      for (const copy of arrivals) oneByOne.merge([copy]);
      atOnce.merge(arrivals);
      expect(atOnce.messages).toEqual(oneByOne.messages);
    }),
  );
});
