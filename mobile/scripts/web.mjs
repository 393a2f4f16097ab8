// Makes the web build, dist/, that the server sends at `/`: Expo's export, the fonts, and every file compressed beforehand.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const HERE = fileURLToPath(new URL('..', import.meta.url));
// Built aside and put into place whole: a server that runs meanwhile sends the old one to the end.
const MAKING = join(HERE, 'dist.new');
const DIST = join(HERE, 'dist');

/** What the app's text may need; a browser loads a file only when a page has a letter of its range. */
const FAMILIES = [
  ['Hanken Grotesk', 'hanken-grotesk', '100 900'],
  ['Bricolage Grotesque', 'bricolage-grotesque', '200 800'],
];
const RANGES = ['latin', 'latin-ext', 'vietnamese', 'cyrillic-ext'];

/** Not worth compressing, or compressed by nature. */
const PACKED = /\.(png|jpe?g|gif|webp|woff2|br|gz)$/;

const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

function exportWeb() {
  const environment = { ...process.env, EXPO_OFFLINE: '1', EXPO_NO_TELEMETRY: '1', CI: '1', NODE_ENV: 'production' };
  const command = ['expo', 'export', '--platform', 'web', '--output-dir', 'dist.new'];
  const { status } = spawnSync('npx', command, { cwd: HERE, env: environment, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Copies the fonts under names that change with their content; answers their @font-face rules. */
async function fonts() {
  await mkdir(join(MAKING, 'fonts'), { recursive: true });
  const rules = [];
  for (const [family, name, weights] of FAMILIES) {
    const source = join(HERE, 'node_modules/@fontsource-variable', name);
    const unicode = JSON.parse(await readFile(join(source, 'unicode.json'), 'utf8'));
    for (const range of RANGES.filter((each) => each in unicode)) {
      const file = join(source, 'files', `${name}-${range}-wght-normal.woff2`);
      const target = `fonts/${name}-${range}.${hashOf(await readFile(file))}.woff2`;
      await copyFile(file, join(MAKING, target));
      rules.push(
        `@font-face{font-family:"${family}";font-weight:${weights};font-display:swap;` +
          `src:url(/${target}) format("woff2");unicode-range:${unicode[range]}}`,
      );
    }
  }
  return rules.join('\n');
}

/** Adds the fonts to the style sheet and names it by its content, so that it can be kept for ever. */
async function styles() {
  const plain = join(MAKING, 'app.css');
  const sheet = `${await readFile(plain, 'utf8')}\n${await fonts()}\n`;
  const named = `/app.${hashOf(sheet)}.css`;
  await writeFile(join(MAKING, named), sheet);
  await rm(plain);
  const page = join(MAKING, 'index.html');
  const latin = [...sheet.matchAll(/url\((\/fonts\/[a-z-]+-latin\.[0-9a-f]+\.woff2)\)/g)].map(([, url]) => url);
  const preload = latin.map((url) => `<link rel="preload" href="${url}" as="font" type="font/woff2" crossorigin>`);
  const html = (await readFile(page, 'utf8')).replace('/app.css', named).replace('</title>', `</title>\n    ${preload.join('\n    ')}`);
  await writeFile(page, html);
}

async function compress() {
  const brotli = promisify(brotliCompress);
  const zip = promisify(gzip);
  for (const entry of await readdir(MAKING, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || PACKED.test(entry.name)) continue;
    const bytes = await readFile(path);
    const small = await Promise.all([
      brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
      zip(bytes, { level: 9 }),
    ]);
    for (const [index, suffix] of ['.br', '.gz'].entries()) {
      if (small[index].length < bytes.length * 0.9) await writeFile(path + suffix, small[index]);
    }
  }
}

await rm(MAKING, { recursive: true, force: true });
exportWeb();
await styles();
await compress();
await rm(DIST, { recursive: true, force: true });
await rename(MAKING, DIST);
