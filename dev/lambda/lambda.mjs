import { randomUUID } from 'node:crypto';
import { Environment } from './environment.mjs';
import { InvocationError } from './invocation-error.mjs';

/** Lambda's limit for an event, and for an answer. */
const LARGEST_EVENT = 6 * 1024 * 1024;

/**
 * Stands where Lambda stands: takes calls of functions, and hands each to a process that asks for one.
 *
 * `cargo lambda watch` has the same interface, but stops for good at the 101st call that waits, and once a process
 * that has registered an extension is replaced or dies. The stack must survive both.
 */
export class Lambda {
  #functions = new Map();

  /** @returns {Promise<Buffer>} the function's answer */
  invoke(name, event, { seconds = 30 } = {}) {
    if (event.length > LARGEST_EVENT) throw new InvocationError('TOO_LARGE', `the event has ${event.length} bytes`);
    const { calls } = this.#function(name);
    return new Promise((resolve, reject) => {
      const call = { id: randomUUID(), event, deadline: Date.now() + seconds * 1_000, answered: false };
      const settle = (outcome) => (value) => {
        if (call.answered) return;
        call.answered = true;
        clearTimeout(limit);
        outcome(value);
      };
      call.resolve = settle(resolve);
      call.reject = settle(reject);
      const limit = setTimeout(() => call.reject(new InvocationError('TIMED_OUT', `no answer in ${seconds} s`)), seconds * 1_000);
      calls.push(call);
      this.#handOut(name);
    });
  }

  /** A new environment of a function: the place of one process. */
  open(name) {
    const environment = new Environment(name, () => this.#handOut(name));
    this.#function(name).environments.add(environment);
    return environment;
  }

  /** Forgets an environment whose process has ended; what it was working on has failed. */
  close(environment) {
    this.#function(environment.function).environments.delete(environment);
    environment.end(new InvocationError('ENDED', `${environment.function} ended before it answered`));
  }

  /** The environment that a process says it is. */
  find(name, id) {
    return [...this.#function(name).environments].find((environment) => environment.id === id);
  }

  #function(name) {
    if (!this.#functions.has(name)) this.#functions.set(name, { calls: [], environments: new Set() });
    return this.#functions.get(name);
  }

  #handOut(name) {
    const { calls, environments } = this.#function(name);
    while (calls.length > 0) {
      const free = [...environments].find((environment) => environment.isFree);
      if (!free) return;
      const call = calls.shift();
      // Whoever gave up waiting has had his answer.
      if (!call.answered) free.take(call);
    }
  }
}
