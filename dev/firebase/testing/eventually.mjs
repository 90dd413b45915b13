import assert from 'node:assert/strict';

/** Waits until `probe()` deep-equals `expected`; fails with the difference after `deadlineMs`. */
export async function eventually(probe, expected, deadlineMs = 5000) {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const actual = await probe();
    try {
      assert.deepEqual(actual, expected);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
