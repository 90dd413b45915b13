/** The longest text that the API accepts, in Unicode code points. */
export const LONGEST_TEXT = 5_000;
/** The counter appears this close to the limit. */
const NEAR = 500;

/** Counts as the API does: code points of the trimmed text. */
export const lengthOf = (text: string): number => [...text.trim()].length;

export const isTooLong = (text: string): boolean => lengthOf(text) > LONGEST_TEXT;

const number = new Intl.NumberFormat('fr');

/** Shows how much of the limit is used, once the text comes near it. */
export function Counter({ text, id }: { text: string; id: string }) {
  const length = lengthOf(text);
  return (
    <span id={id} class={length > LONGEST_TEXT ? 'counter over' : 'counter'} role="status">
      {length > LONGEST_TEXT - NEAR && `${number.format(length)} / ${number.format(LONGEST_TEXT)} caractères`}
      {length > LONGEST_TEXT && ' : message trop long'}
    </span>
  );
}
