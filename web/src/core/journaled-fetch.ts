import { preciseNow, type Journal } from './journal';

const TIME_OUT_MS = 15_000;

/**
 * Returns a `fetch` with a time-out that records its calls. `responded` receives each status, or null without a
 * response.
 */
export function journaledFetch(journal: Journal, responded: (status: number | null) => void): typeof fetch {
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
      responded(status);
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

/** Hides tokens, so that a screenshot shows none. */
function withoutToken(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'token' in body ? { ...body, token: '…' } : body;
}
