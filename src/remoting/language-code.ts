/** Languages of a Remoting peer: the name is sent in JSON headers, the number in binary ones. */
const NAMES = [
  'JAVA',
  'CPP',
  'DOTNET',
  'PYTHON',
  'DELPHI',
  'ERLANG',
  'RUBY',
  'OTHER',
  'HTTP',
  'GO',
  'PHP',
  'OMS',
  'RUST',
  'NODE_JS',
] as const;
export type Language = (typeof NAMES)[number];

/** What we send: NODE_JS is unknown to older servers and tools. */
export const OWN_LANGUAGE: Language = 'OTHER';

const CODES: ReadonlyMap<string, number> = new Map(NAMES.map((name, code) => [name, code]));

export function languageCode(language: Language): number {
  return NAMES.indexOf(language);
}

/** An unknown language is OTHER: nothing depends on it. */
export function languageOfCode(code: number): Language {
  return NAMES[code] ?? 'OTHER';
}

/** An unknown language is OTHER: nothing depends on it. */
export function languageOfName(name: unknown): Language {
  const code = typeof name === 'string' ? CODES.get(name) : undefined;
  return code === undefined ? 'OTHER' : languageOfCode(code);
}
