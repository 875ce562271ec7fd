const TITLE = /^# 0*(?<number>\d+)[.:] (?<title>.+)$/m;
/** `Status: …` up to its date or what is said of it. A decision without one is accepted, as some say in words. */
const STATUS = /^Status: (?<status>[^·;(\n]+)/m;

/**
 * The index of the decisions, in the order of their numbers.
 * @param decisions Markdown by file name
 * @throws Error naming the file whose first heading has no number and title
 */
export function renderDecisionsPage(decisions: ReadonlyMap<string, string>): string {
  const rows = [...decisions.keys()].sort().map((file) => {
    const text = decisions.get(file) ?? '';
    const { number, title = '' } = TITLE.exec(text)?.groups ?? {};
    if (number === undefined) throw new Error(`${file}: begins with no '# number: title'`);
    const status = STATUS.exec(text)?.groups?.['status']?.trim() ?? 'accepted';
    const name = `${title.charAt(0).toUpperCase()}${title.slice(1)}`.replaceAll('|', '\\|');
    return `| ${number} | [${name}](${file}) | ${status} |`;
  });
  return `# Decisions

What was decided, why, what was measured for it, and what was not chosen. A number is never used again; a later decision that changes an
earlier one says so, and the earlier one leads to it. Written by \`npm run docs\`.

| number | decision | status |
| --- | --- | --- |
${rows.join('\n')}
`;
}
