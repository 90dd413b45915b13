/**
 * List prices in US dollars, as of November 2026. `docs/performance.md` names their sources. The prices of Lambda are
 * those of arm64.
 */
export const PRICES = {
  lambdaGbSecond: 0.0000133334,
  lambdaRequests: 0.2e-6,
  gatewayRequests: 3.5e-6,
  firebaseGb: 1,
  /** An on-demand db.m7g.large, which has two cores. */
  postgresCoreHour: 0.168 / 2,
};
/** The memory of a function in the template. */
const MEMORY_GB = 0.25;
/** Two phones receive a message, each 1.3 kB with the room and the inbox: `docs/costs.md`. */
const FIREBASE_GB = 2 * 1.3e-6;
const MILLION = 1e6;

/**
 * Returns what a million sent messages cost, by service.
 *
 * @param row  `environment_seconds` and `postgres_cpu` (microseconds) of a message
 */
export function costOf({ environment_seconds: seconds, postgres_cpu: cpu }) {
  const cost = {
    lambda_time: seconds * MEMORY_GB * PRICES.lambdaGbSecond * MILLION,
    lambda_requests: PRICES.lambdaRequests * MILLION,
    gateway: PRICES.gatewayRequests * MILLION,
    firebase: FIREBASE_GB * PRICES.firebaseGb * MILLION,
    postgres: ((cpu * MILLION) / 1e6 / 3600) * PRICES.postgresCoreHour,
  };
  return { ...cost, total: Object.values(cost).reduce((sum, it) => sum + it) };
}
