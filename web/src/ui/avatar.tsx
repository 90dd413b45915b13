import { useState } from 'preact/hooks';

const HUES = 360;

/** A photo, or the initials until it loads or if it fails. */
export function Avatar({ name, photo }: { name: string; photo?: string | null }) {
  const [isBroken, setBroken] = useState(false);
  const words = name.split(/\s+/).filter(Boolean);
  const initials = [words[0], words.at(-1)].slice(0, Math.min(2, words.length)).map((word) => word?.[0]?.toUpperCase());
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % HUES, 7);
  return (
    <span class="avatar" style={{ '--hue': hue }} aria-hidden="true">
      {initials.join('')}
      {photo && !isBroken && (
        <img src={photo} alt="" loading="lazy" referrerpolicy="no-referrer" onError={() => setBroken(true)} />
      )}
    </span>
  );
}
