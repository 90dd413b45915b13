// Faults of the functions and of PostgreSQL, at any moment.

const FUNCTIONS = ['send-message', 'mark-room-read', 'receive-event', 'deliver-pending', 'maintain-rooms'];

export class SystemFaults {
  counts = { 'functions killed': 0, 'PostgreSQL restarted': 0, 'two mirrors of one room': 0, 'webhook leases ended': 0, 'access tokens ended': 0 };
  /** Times of kills and restarts, in milliseconds since 1970. */
  interruptions = [];
  #stack;
  #truth;
  #faults;
  #random;
  #restart = Promise.resolve();

  constructor(stack, truth, faults, random) {
    this.#stack = stack;
    this.#faults = faults;
    this.#truth = truth;
    this.#random = random;
  }

  get total() {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** Kills a process at any point: before, during or after its write to Firebase. */
  async kill() {
    const at = Date.now();
    if (!(await this.#stack.kill(this.#random.of(FUNCTIONS), this.#random.next()))) return;
    this.counts['functions killed'] += 1;
    this.interruptions.push(at);
  }

  /** Restarts PostgreSQL, in half of the cases as after a crash. */
  restartPostgres() {
    const signal = this.#random.chance(0.5) ? 'SIGQUIT' : 'SIGINT';
    this.counts['PostgreSQL restarted'] += 1;
    this.interruptions.push(Date.now());
    this.#restart = this.#restart.then(() => this.#stack.restartPostgres(signal));
    return this.#restart;
  }

  async endAccessTokens() {
    await this.#faults.endAccessTokens();
    this.counts['access tokens ended'] += 1;
  }

  /** Ends the lease of a room's mirror write, as a timeout does, so that two functions write the room. */
  async takeLease(room) {
    const taken = await this.#truth.query(
      `UPDATE chat_rooms SET mirror_leased_until = NULL, mirror_paced_until = NULL
       WHERE id = $1 AND mirror_leased_until > now() RETURNING id`,
      [room],
    );
    this.counts['two mirrors of one room'] += taken.length;
    const ended = await this.#truth.query(
      'UPDATE chat_webhook_queues SET leased_until = NULL WHERE order_key = $1 AND leased_until > now() RETURNING order_key',
      [room],
    );
    this.counts['webhook leases ended'] += ended.length;
  }

  /** Lets an hour pass for the pending webhooks: their back-offs end. */
  async passTime() {
    await this.#truth.query(
      `UPDATE chat_webhook_queues SET deliver_after = NULL, failing_since = failing_since - interval '1 hour',
           pending_since = pending_since - interval '1 hour'
       WHERE order_key IN (SELECT order_key FROM chat_webhook_queues WHERE last_at > settled_at ORDER BY order_key
                           FOR NO KEY UPDATE SKIP LOCKED)`,
    );
  }
}
