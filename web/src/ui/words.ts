import type { UserType } from '../../generated/typescript';

export const userTypes: Record<UserType, string> = {
  driver: 'Livreur',
  client: 'Client',
  merchant: 'Commerce',
  admin: 'Support',
};

/** Returns a user's name; the platform may have deleted the user. */
export const nameOf = (user: { full_name: string } | null | undefined): string =>
  user?.full_name ?? 'Utilisateur supprimé';

/** Suggestions for a first message. */
export const quickMessages: Record<UserType, string[]> = {
  driver: ['Bonjour, je suis votre livreur', 'J’arrive dans 5 minutes', 'Je suis arrivé'],
  client: ['Bonjour, où êtes-vous ?', 'Je vous attends au portail', 'Merci beaucoup'],
  merchant: ['Bonjour, la commande est prête', 'Encore 10 minutes, merci'],
  admin: ['Bonjour, comment puis-je vous aider ?'],
};

const day = new Intl.DateTimeFormat('fr', { weekday: 'long', day: 'numeric', month: 'long' });
const shortDay = new Intl.DateTimeFormat('fr', { day: '2-digit', month: '2-digit', year: '2-digit' });
const time = new Intl.DateTimeFormat('fr', { hour: '2-digit', minute: '2-digit' });

export const timeOf = (at: string | number): string => time.format(new Date(at));

export function dayOf(at: string | number, now = new Date()): string {
  const then = new Date(at);
  if (isSameDay(then, now)) return 'Aujourd’hui';
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  return isSameDay(then, yesterday) ? 'Hier' : day.format(then);
}

/** Returns the time if it is today, otherwise the date. */
export function shortTimeOf(at: string, now = new Date()): string {
  const then = new Date(at);
  return isSameDay(then, now) ? time.format(then) : shortDay.format(then);
}

export const isSameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString();

export const unreadWords = (count: number): string => `${count} non lu${count > 1 ? 's' : ''}`;

export const milliseconds = (duration: number): string => {
  if (duration < 10_000) return `${Math.round(duration)} ms`;
  return `${Math.round(duration / 1_000)} s`;
};
