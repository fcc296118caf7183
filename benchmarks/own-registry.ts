// A registry on loopback that has our packages alone, as a process of its own: so npm installs them as it installs those of the peers.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename } from 'node:path';

/** What the process is given, as JSON: the manifest and the tarball of each package. */
export interface Served {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly tarball: string;
}

const packages = JSON.parse(process.argv[2] ?? '[]') as readonly Served[];

const server = createServer(({ url = '' }, response) => {
  const path = decodeURIComponent(url).slice(1);
  const asked = packages.find(({ manifest, tarball }) => path === manifest.name || path === basename(tarball));
  if (asked === undefined) {
    response.writeHead(404).end();
    return;
  }
  const { manifest, tarball } = asked;
  const bytes = readFileSync(tarball);
  // npm keeps both in its cache for so long, as from the public registry.
  response.setHeader('cache-control', 'public, max-age=3600');
  if (path !== manifest.name) {
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes);
    return;
  }
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  const { name, version } = manifest;
  const dist = { tarball: `${registryUrl()}/${basename(tarball)}`, integrity };
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }));
});

server.listen(0, '127.0.0.1', () => process.send?.(registryUrl()));
process.on('disconnect', () => process.exit());

function registryUrl(): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return `http://127.0.0.1:${address.port}`;
}
