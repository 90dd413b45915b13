// `make docs`: renders the API reference as one static page: Swagger UI with openapi.yaml, and a curl command for
// each endpoint.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ROOT } from './parts/places.mjs';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/**
 * Writes the page to the file `output`. The page loads nothing from the network.
 *
 * @param server  base URL that "Try it out" calls; by default the first one of openapi.yaml
 */
export async function renderReference(output, { server } = {}) {
  const api = parse(await readFile(join(ROOT, 'openapi.yaml'), 'utf8'));
  if (server) api.servers.unshift({ url: server, description: 'This stack' });
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((name) => operations[name])) {
      const operation = operations[method];
      operation.description = `${operation.description}\n\n\`\`\`sh\n${curl(api, path, method, operation)}\n\`\`\`\n`;
    }
  }
  const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const asset = (name) => readFile(join(swaggerUi, name), 'utf8');
  const page = PAGE(api.info.title, await asset('swagger-ui.css'), await asset('swagger-ui-bundle.js'), api);
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, page);
}

/** Escapes `</script`, which would close the script element. */
const inScript = (text) => text.replaceAll('</script', String.raw`<\/script`);

const PAGE = (title, style, script, api) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="reference"></div>
<script>${inScript(script)}</script>
<script>
SwaggerUIBundle({ dom_id: '#reference', spec: ${inScript(JSON.stringify(api))}, deepLinking: true, filter: true,
  docExpansion: 'list', persistAuthorization: true, defaultModelsExpandDepth: 0 });
</script>
</body>
</html>
`;

/** Returns a command to paste after `source .dev/env`. */
export function curl(api, path, method, operation) {
  const resolve = (part) => (part?.$ref ? part.$ref.slice(2).split('/').reduce((at, key) => at[key], api) : part);
  const parameters = (operation.parameters ?? []).map(resolve);
  const filled = parameters
    .filter((parameter) => parameter.in === 'path')
    .reduce((url, { name, example }) => url.replace(`{${name}}`, encodeURIComponent(example ?? `<${name}>`)), path);
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required)
    .map(({ name, example }) => `${name}=${encodeURIComponent(example ?? '')}`);
  const url = [filled, ...query.slice(0, 1)].join('?') + query.slice(1).map((pair) => `&${pair}`).join('');

  const token = operation.tags?.includes('Platform') ? 'TOKEN_PLATFORM' : operation.tags?.includes('Analytics') ? 'TOKEN_ADMIN' : 'TOKEN_DRIVER';
  const lines = [`curl "$BASE_URL${url}"`, `-H "Authorization: Bearer $${token}"`];
  if (method !== 'get') lines[0] = `curl -X ${method.toUpperCase()} "$BASE_URL${url}"`;
  const body = resolve(operation.requestBody)?.content?.['application/json'];
  const example = resolve(Object.values(body?.examples ?? {})[0])?.value ?? body?.example;
  if (example !== undefined) {
    lines.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(example).replaceAll("'", String.raw`'\''`)}'`);
  }
  return lines.join(' \\\n  ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const output = process.argv[2] ?? join(ROOT, '.dev/api.html');
  await renderReference(output);
  console.log(output);
}
