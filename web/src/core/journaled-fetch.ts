import { preciseNow, type Journal } from './journal';

const TIME_OUT_MS = 15_000;

/**
 * A `fetch` that gives up in time, and whose calls are written down. `answered` hears each status, and null where no
 * answer came.
 */
export function journaledFetch(journal: Journal, answered: (status: number | null) => void): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(String(input));
    const began = preciseNow();
    const note = (status: number | null, response: unknown) => {
      const milliseconds = preciseNow() - began;
      const request = parse(init.body);
      const method = init.method ?? 'GET';
      journal.add(
        { kind: 'http', method, path: url.pathname + url.search, status, milliseconds, request, response },
        began,
      );
      answered(status);
    };
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIME_OUT_MS) });
      const text = await response.text();
      note(response.status, withoutToken(parse(text)));
      return new Response(text, response);
    } catch (error) {
      note(null, String(error));
      throw error;
    }
  };
}

function parse(body: unknown): unknown {
  if (typeof body !== 'string' || body === '') return null;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** Whoever looks over the shoulder, or takes a screenshot, gets no token. */
function withoutToken(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'token' in body ? { ...body, token: '…' } : body;
}
