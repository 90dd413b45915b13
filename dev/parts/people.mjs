/** The users and deliveries of demo.sql. Their ids are fixed, so that tokens and rooms survive a restart. */
export const PEOPLE = {
  DRIVER: '11111111-1111-4111-8111-111111111111',
  CLIENT: '22222222-2222-4222-8222-222222222222',
  MERCHANT: '33333333-3333-4333-8333-333333333333',
  ADMIN: '44444444-4444-4444-8444-444444444444',
};

export const DELIVERY = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
