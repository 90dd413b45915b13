import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Counter, isTooLong } from './limited-text';

interface Props {
  label: string;
  name: string;
  /** Set by a suggestion; the field itself keeps what the user types. */
  suggestion?: string;
}

/** A text of a form. The form cannot be sent while the text is too long. */
export function TextField({ label, name, suggestion = '' }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState('');
  const id = useId();
  useEffect(() => setText(suggestion), [suggestion]);
  useEffect(() => field.current!.setCustomValidity(isTooLong(text) ? 'Le texte est trop long.' : ''), [text]);
  return (
    <label>
      {label}
      <textarea
        ref={field}
        name={name}
        rows={2}
        dir="auto"
        aria-describedby={id}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <Counter text={text} id={id} />
    </label>
  );
}
