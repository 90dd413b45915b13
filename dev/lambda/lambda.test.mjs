import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { aLambda } from './testing.mjs';

let stack;
before(async () => (stack = await aLambda()));
after(() => stack.close());

const call = async (name, event, options) => JSON.parse(await stack.lambda.invoke(name, Buffer.from(JSON.stringify(event)), options));
const reason = (expected) => (error) => error.reason === expected;

test('a call goes to a process that asks, and its answer to the caller', async () => {
  const process = stack.open('echo');
  const answer = call('echo', { n: 1 });
  const { id, event, headers } = await process.next();
  assert.deepEqual(event, { n: 1 });
  assert.ok(Number(headers.get('lambda-runtime-deadline-ms')) > Date.now());
  await process.answer(id, { said: event.n });
  assert.deepEqual(await answer, { said: 1 });
});

test('calls wait for a process, however many they are', async () => {
  const answers = Promise.all(Array.from({ length: 500 }, (_, n) => call('busy', n)));
  for (let n = 0; n < 2; n++) stack.open('busy').serve((event) => event + 1);
  assert.deepEqual(await answers, Array.from({ length: 500 }, (_, n) => n + 1));
});

test('an error of the function is the error of the call', async () => {
  const process = stack.open('failing');
  const failure = assert.rejects(call('failing', {}), /no such table/);
  await process.fail((await process.next()).id, 'no such table');
  await failure;
});

test('a process that dies takes with it what it was working on, and nothing else', async () => {
  const [dying, living] = [stack.open('mortal'), stack.open('mortal')];
  await dying.registerExtension(['INVOKE']);
  const failure = assert.rejects(call('mortal', 'lost'), reason('ENDED'));
  assert.equal((await dying.next()).event, 'lost');
  const waiting = call('mortal', 'waits');
  dying.die();
  await failure;
  living.serve((event) => event);
  assert.equal(await waiting, 'waits');
});

test('a process that drains gets no call, and has time for the one it has', async () => {
  const old = stack.open('replaced');
  const first = call('replaced', 1);
  const { id } = await old.next();
  const drained = old.environment.drain();
  const ignored = old.next();
  const second = call('replaced', 2);
  stack.open('replaced').serve(() => 'new');
  assert.equal(await second, 'new');
  await old.answer(id, 'old');
  assert.equal(await first, 'old');
  await drained;
  stack.close();
  await assert.rejects(ignored);
  stack = await aLambda();
});

test('a call without an answer in time fails, and is not handed out any more', async () => {
  await assert.rejects(call('late', 'first', { seconds: 0.05 }), reason('TIMED_OUT'));
  const process = stack.open('late');
  const answer = call('late', 'second');
  const { id, event } = await process.next();
  assert.equal(event, 'second');
  await process.answer(id, 'ok');
  assert.equal(await answer, 'ok');
});

test('an extension hears of every call of its own process, also of those that came while it was busy', async () => {
  const [observed, other] = [stack.open('observed'), stack.open('other')];
  const nextEvent = await observed.registerExtension(['INVOKE']);
  observed.serve((event) => event);
  other.serve((event) => event);
  await call('other', 0);
  for (const n of [1, 2, 3]) await call('observed', n);
  for (let n = 0; n < 3; n++) assert.equal((await nextEvent()).eventType, 'INVOKE');
});

test('an event above six megabytes is refused', () => {
  assert.throws(() => stack.lambda.invoke('any', Buffer.alloc(6 * 1024 * 1024 + 1)), reason('TOO_LARGE'));
});
