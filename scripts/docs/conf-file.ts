import {
  type AnyConfSpec,
  type AnyKeySchema,
  environmentName,
} from '../../src/common/config/conf-spec.ts';
import { expectationOf } from '../../src/common/config/expectation.ts';

const WIDTH = 98;

/** The text of `conf/<name>.conf`: every key, commented out at its default. */
export function renderConfFile(spec: AnyConfSpec): string {
  const head = [
    spec.title,
    '',
    "Every key stands here at its default. To change one, remove its '#' and set the value; a value with",
    "; or # in it goes in quotes. The environment wins over this file. Made by 'npm run docs'.",
  ];
  const keys = Object.entries(spec.keys).map(([key, schema]) => renderKey(spec, key, schema));
  return [comment(head), ...keys, ...renderSections(spec)].join('\n\n') + '\n';
}

function renderSections({ sections }: AnyConfSpec): string[] {
  if (sections === undefined) return [];
  const keys = wrap(`Keys: ${Object.keys(sections.keys).join(', ')} (docs/configuration.md).`);
  return [`${comment([...wrap(sections.title), ...keys])}\n#[${sections.kind}.name]`];
}

function renderKey(spec: AnyConfSpec, key: string, schema: AnyKeySchema): string {
  const unit = schema.unit === undefined ? '' : ` (${schema.unit})`;
  const meaning = schema.description.split('\n').flatMap(wrap);
  const facts = [
    `Accepts ${expectationOf(schema)}${unit}.`,
    `Environment: ${environmentName(spec.name, key)}`,
  ];
  return `${comment([...meaning, ...facts])}\n#${key} = ${String(schema.default)}`.trimEnd();
}

function comment(lines: readonly string[]): string {
  return lines.map((line) => `# ${line}`.trimEnd()).join('\n');
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
