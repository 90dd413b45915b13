import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icon';

/** A photo in a bubble. A tap shows it in full size, in place. */
export function Photo({ url, words }: { url: string; words: string }) {
  const [isBroken, setBroken] = useState(false);
  const [isOpen, setOpen] = useState(false);
  if (isBroken) {
    return (
      <span class="photo missing">
        <Icon name="photo" /> Photo indisponible
      </span>
    );
  }
  const alt = words || 'Photo';
  return (
    <>
      <button class="photo" aria-label={`Agrandir : ${alt}`} onClick={() => setOpen(true)}>
        <img src={url} alt={alt} loading="lazy" referrerpolicy="no-referrer" onError={() => setBroken(true)} />
      </button>
      {isOpen && <Viewer url={url} alt={alt} onClose={() => setOpen(false)} />}
    </>
  );
}

function Viewer({ url, alt, onClose }: { url: string; alt: string; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} class="viewer" aria-label={alt} onClose={onClose}>
      <button class="round" aria-label="Fermer" onClick={() => dialog.current!.close()}>
        <Icon name="close" />
      </button>
      <img src={url} alt={alt} referrerpolicy="no-referrer" />
    </dialog>
  );
}
