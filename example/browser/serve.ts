// Serves the page until interrupted: node --import=ts-blank-space/register example/browser/serve.ts [--port N]
import { parseArgs } from 'node:util';
import { startPageServer } from './page-server.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '8000' } } });
const { url } = await startPageServer(Number(values.port));
console.log(`open ${url} in a browser`);
