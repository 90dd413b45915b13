import { Icon } from './icon';

const MAP = 'https://www.openstreetmap.org/';

/** A drawing instead of a map: nothing is loaded, and the real map is one click away. */
export function LocationCard({ latitude, longitude }: { latitude: number; longitude: number }) {
  const words = coordinates(latitude, longitude);
  const query = `?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
  return (
    <a class="place" href={MAP + query} target="_blank" rel="noreferrer" aria-label={`Position ${words}, sur la carte`}>
      <svg viewBox="0 0 240 110" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
        <path class="water" d="M0 84c40-14 70 6 110-4s80-26 130-8v38H0z" />
        <path class="street" d="M-5 30l250 26M40-5l26 90M150-5l-22 100M205-5l14 80M-5 66l120-30L245 14" />
        <path class="pin" d="M120 66s-15-14-15-25a15 15 0 0 1 30 0c0 11-15 25-15 25z" />
        <circle class="dot" cx="120" cy="41" r="5.5" />
      </svg>
      <span>
        <Icon name="pin" /> {words}
      </span>
    </a>
  );
}

const degrees = new Intl.NumberFormat('fr', { minimumFractionDigits: 5, maximumFractionDigits: 5 });

function coordinates(latitude: number, longitude: number): string {
  const northOrSouth = latitude < 0 ? 'S' : 'N';
  const eastOrWest = longitude < 0 ? 'O' : 'E';
  return `${degrees.format(Math.abs(latitude))}° ${northOrSouth}, ${degrees.format(Math.abs(longitude))}° ${eastOrWest}`;
}
