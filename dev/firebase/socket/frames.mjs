import { MAX_SOCKET_WRITE_BYTES } from '../data/limits.mjs';

/** A longer message is sent as its number of pieces, followed by the pieces. */
const MAX_FRAME = 16_384;
const KEEP_ALIVE = '0';

export function framesOf(text) {
  if (text.length <= MAX_FRAME) return [text];
  const pieces = [];
  for (let at = 0; at < text.length;) {
    // Half of a surrogate pair cannot be encoded as UTF-8.
    const end = isHighSurrogate(text.charCodeAt(at + MAX_FRAME - 1)) ? at + MAX_FRAME - 1 : at + MAX_FRAME;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return [String(pieces.length), ...pieces];
}

const isHighSurrogate = (unit) => unit >= 0xd800 && unit <= 0xdbff;

/** Puts the pieces together again. */
export class FrameReader {
  #pieces = [];
  #missing = 0;
  #length = 0;

  /** Returns the message that this frame completes, or null. */
  read(frame) {
    if (this.#missing > 0) return this.#append(frame);
    if (frame === KEEP_ALIVE) return null;
    // A message is an object, so a number is always a count.
    if (/^\d{1,6}$/.test(frame)) {
      this.#missing = Number(frame);
      return null;
    }
    return frame;
  }

  #append(frame) {
    this.#pieces.push(frame);
    this.#length += frame.length;
    if (this.#length > MAX_SOCKET_WRITE_BYTES) throw new Error('message too long');
    this.#missing -= 1;
    if (this.#missing > 0) return null;
    const text = this.#pieces.join('');
    this.#pieces = [];
    this.#length = 0;
    return text;
  }
}
