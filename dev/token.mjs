// `make token USER_ID=<uuid>`: prints an access token for a user of the local stack.
import { accessToken } from './parts/tokens.mjs';

const [userId] = process.argv.slice(2);
if (!userId || !process.env.JWT_SECRET) {
  console.error('Usage: make token USER_ID=<uuid of users>, while `make dev` runs');
  process.exit(2);
}
console.log(accessToken(userId, process.env.JWT_SECRET));
