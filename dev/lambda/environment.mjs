import { randomUUID } from 'node:crypto';
import { InvocationError } from './invocation-error.mjs';

/**
 * One process of a function, as seen through the Runtime and the Extensions API.
 *
 * Unlike on Lambda it is never frozen: its next request need not wait for its extensions.
 */
export class Environment {
  id = randomUUID().slice(0, 8);
  #changed;
  #asking = [];
  #working = new Map();
  #extensions = new Map();
  #draining = false;
  #becomeReady;
  #becomeIdle = [];

  constructor(functionName, changed) {
    this.function = functionName;
    this.#changed = changed;
    /** Once it has asked for its first event. */
    this.ready = new Promise((resolve) => (this.#becomeReady = resolve));
  }

  get isFree() {
    return this.#asking.length > 0 && !this.#draining;
  }

  /** The process asks for its next event. */
  next(response) {
    response.once('close', () => (this.#asking = this.#asking.filter((other) => other !== response)));
    this.#asking.push(response);
    this.#becomeReady();
    this.#changed();
  }

  /** Hands it a call. */
  take(call) {
    this.#working.set(call.id, call);
    const headers = {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': call.id,
      'lambda-runtime-deadline-ms': String(call.deadline),
      'lambda-runtime-invoked-function-arn': this.#arn,
      'lambda-runtime-trace-id': `Root=1-${call.id}`,
    };
    this.#asking.shift().writeHead(200, headers).end(call.event);
    for (const extension of this.#extensions.values()) {
      if (extension.wants('INVOKE')) extension.push(this.#invokeEvent(call));
    }
  }

  answer(callId, body) {
    this.#finish(callId, (call) => call.resolve(body));
  }

  fail(callId, body) {
    this.#finish(callId, (call) => call.reject(InvocationError.of(body)));
  }

  register(events) {
    const id = randomUUID();
    this.#extensions.set(id, new Extension(events));
    return id;
  }

  nextForExtension(id, response) {
    this.#extensions.get(id)?.next(response);
  }

  /** Takes no further calls; returns once it has none. */
  async drain() {
    this.#draining = true;
    if (this.#working.size > 0) await new Promise((resolve) => this.#becomeIdle.push(resolve));
  }

  end(error) {
    this.#draining = true;
    for (const call of this.#working.values()) call.reject(error);
    this.#working.clear();
    this.#becomeIdle.forEach((resolve) => resolve());
  }

  #finish(callId, settle) {
    const call = this.#working.get(callId);
    if (!call) return;
    this.#working.delete(callId);
    settle(call);
    if (this.#working.size === 0) this.#becomeIdle.splice(0).forEach((resolve) => resolve());
  }

  #invokeEvent(call) {
    return {
      eventType: 'INVOKE',
      deadlineMs: call.deadline,
      requestId: call.id,
      invokedFunctionArn: this.#arn,
      tracing: { type: 'X-Amzn-Trace-Id', value: `Root=1-${call.id}` },
    };
  }

  get #arn() {
    return `arn:aws:lambda:eu-west-3:000000000000:function:${this.function}`;
  }
}

/** An extension's events wait until it asks for them. */
class Extension {
  #events = [];
  #asking = null;

  constructor(events) {
    this.wants = (event) => events.includes(event);
  }

  push(event) {
    this.#events.push(event);
    this.#handOut();
  }

  next(response) {
    response.once('close', () => (this.#asking = this.#asking === response ? null : this.#asking));
    this.#asking = response;
    this.#handOut();
  }

  #handOut() {
    if (!this.#asking || this.#events.length === 0) return;
    this.#asking.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.#events.shift()));
    this.#asking = null;
  }
}
