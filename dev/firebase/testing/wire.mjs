import { WebSocket } from 'ws';

/** A minimal client of the wire protocol, for messages that the SDK does not expose. */
export class Wire {
  #socket;
  #requests = 0;
  #messages = [];
  #wake = () => {};

  constructor(url) {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/.ws?v=5`);
    this.opened = new Promise((resolve) => this.#socket.addEventListener('open', resolve));
    this.#socket.addEventListener('message', ({ data }) => {
      this.#messages.push(JSON.parse(data));
      this.#wake();
    });
  }

  async request(action, body) {
    await this.opened;
    const number = ++this.#requests;
    this.#socket.send(JSON.stringify({ t: 'd', d: { r: number, a: action, b: body } }));
    return this.#next((message) => message.d.r === number);
  }

  nextPush(action) {
    return this.#next((message) => message.d.a === action);
  }

  async #next(wanted) {
    for (;;) {
      const index = this.#messages.findIndex(wanted);
      if (index >= 0) return this.#messages.splice(index, 1)[0].d.b;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  close() {
    this.#socket.close();
  }
}
