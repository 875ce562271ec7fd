// The child of run.ts: FILE ROUND_MS ROUNDS RESULT. Runs one benchmark and writes its ratios to RESULT as JSON.
import { writeFileSync } from 'node:fs';
import { effort, ratios } from './measure.ts';

const [file = '', roundMs, rounds, result = ''] = process.argv.slice(2);
Object.assign(effort, { roundMs: Number(roundMs), rounds: Number(rounds) });
await import(`./${file}`);
writeFileSync(result, JSON.stringify([...ratios]));
