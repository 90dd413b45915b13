import type { Config, Person } from '../config';
import { tokenStore } from '../storage';
import { Phone } from './phone';
import { SignIn } from './sign-in';
import { TwoPhones } from './two-phones';

/** Shows what the address names: `?deux`, `?moi=<id>`, or the sign-in. */
export function App({ config }: { config: Config }) {
  const asked = new URLSearchParams(window.location.search);
  if (asked.has('deux')) return <TwoPhones config={config} />;

  const viewer = viewerOf(config, asked.get('moi'));
  return viewer ? <Phone viewer={viewer} config={config} /> : <SignIn config={config} />;
}

function viewerOf(config: Config, id: string | null): (Person & { token: string }) | null {
  if (!id) return null;
  const person = config.people.find((candidate) => candidate.id === id);
  const token = tokenStore.get(id) ?? person?.token;
  if (!token) return null;
  // The API has no endpoint for the caller's own name.
  return { id, full_name: 'Moi', user_type: 'client', ...person, token };
}
