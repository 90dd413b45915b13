import { expect, test } from 'vitest';
import { piecesOf } from './linked-text';

const linksOf = (text: string) => piecesOf(text).flatMap(({ href }) => href ?? []);

test.each([
  ['voir https://maps.example.ci/x?a=1&b=2.', ['https://maps.example.ci/x?a=1&b=2']],
  ['www.example.ci', ['https://www.example.ci']],
  ['ecrire à aya@example.ci', ['mailto:aya@example.ci']],
  ['appelez le +225 07 01 02 03 04 ou le 0701020304', ['tel:+2250701020304', 'tel:0701020304']],
  ['colis LBN123456789, 5 000 F, à 10:30', []],
  ['javascript:alert(1) data:text/html,x file:///etc/passwd', []],
])('%s', (text, links) => {
  expect(linksOf(text)).toEqual(links);
  expect(
    piecesOf(text)
      .map((piece) => piece.text)
      .join(''),
  ).toBe(text);
});
