// Makes api/schema.d.ts, the types of the API's client, from the server's own OpenAPI document.
//   node scripts/client.mjs openapi.json           writes the file
//   node scripts/client.mjs --check openapi.json   says whether it is up to date
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import openapiTS, { astToString } from 'openapi-typescript';

const TARGET = new URL('../api/schema.d.ts', import.meta.url);
const HEAD = '// Made from the server\'s OpenAPI document by `make client`. Do not edit.\n\n';

const check = process.argv.includes('--check');
const source = process.argv.slice(2).find((word) => !word.startsWith('--'));
if (!source) {
  console.error('usage: node scripts/client.mjs [--check] openapi.json');
  process.exit(2);
}

const made = HEAD + astToString(await openapiTS(pathToFileURL(resolve(source)), { alphabetize: true, defaultNonNullable: false }));
if (!check) {
  await writeFile(TARGET, made);
} else if ((await readFile(TARGET, 'utf8').catch(() => '')) !== made) {
  console.error('mobile/api/schema.d.ts differs from the server\'s OpenAPI document: run `make client`');
  process.exit(1);
}
