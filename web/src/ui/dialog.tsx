import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

interface Props {
  title: string;
  action: string;
  children: ComponentChildren;
  /** Closes the dialog unless it throws; the error is then shown. */
  onSubmit(values: FormData): Promise<void> | void;
  onClose(): void;
}

/** A modal form. Escape closes it. */
export function Dialog({ title, action, children, onSubmit, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [problem, setProblem] = useState('');
  useEffect(() => dialog.current!.showModal(), []);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      await onSubmit(new FormData(event.target as HTMLFormElement));
      onClose();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={titleId} onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id={titleId}>{title}</h2>
        {children}
        {problem && <p role="alert">{problem}</p>}
        <footer>
          <button type="button" onClick={onClose}>
            Annuler
          </button>
          <button class="primary">{action}</button>
        </footer>
      </form>
    </dialog>
  );
}
