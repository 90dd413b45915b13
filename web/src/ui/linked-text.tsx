import { find } from 'linkifyjs';

/** Phone numbers: an optional +, then at least eight digits, which blanks, dots and hyphens may separate. */
const PHONE = /(?<![\p{L}\d/])\+?\d(?:[ .\u00a0\u202f-]?\d){7,14}(?![\p{L}\d])/gu;

interface Piece {
  text: string;
  href?: string;
}

/** A text in which addresses and phone numbers are links. The text itself is never HTML. */
export function LinkedText({ text }: { text: string }) {
  return (
    <p dir="auto">
      {piecesOf(text).map(({ text: words, href }) =>
        href ? (
          <a href={href} target={href.startsWith('http') ? '_blank' : undefined} rel="noopener noreferrer">
            {words}
          </a>
        ) : (
          words
        ),
      )}
    </p>
  );
}

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { start, end, value, href } of find(text, { defaultProtocol: 'https' })) {
    if (!/^(https?|mailto):/.test(href)) continue;
    pieces.push(...withPhones(text.slice(at, start)), { text: value, href });
    at = end;
  }
  return [...pieces, ...withPhones(text.slice(at))];
}

function withPhones(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { 0: words, index } of text.matchAll(PHONE)) {
    pieces.push({ text: text.slice(at, index) }, { text: words, href: `tel:${words.replace(/[^+\d]/g, '')}` });
    at = index + words.length;
  }
  return [...pieces, { text: text.slice(at) }].filter((piece) => piece.text !== '');
}
