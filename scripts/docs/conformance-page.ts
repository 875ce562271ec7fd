import { basename } from 'node:path';
import type { Coverage, TestPlace } from '../conformance/coverage.ts';
import { idsOfSection, sections, specifications } from '../conformance/specifications.ts';
import { bindsServer, type Specification } from '../conformance/statement.ts';

/** A statement that many tests prove names the first of them. */
const TESTS_NAMED = 3;

const HEAD = `# MQTT conformance

Made from the ids in \`src/\` and \`test/\` by \`npm run docs\`: change those, not this page. The statements, in our own
words, are in \`scripts/conformance/\`; the text that counts is the specification's.

Every numbered statement of MQTT 3.1.1 and 5.0 that binds a server is below, with the code that names it and the
tests that prove it. A rule for clients whose breach a server has to notice is one of them. \`npm run docs:check\`
fails when one has no test, and when an id is cited that does not exist.

A test cites a statement by its id in brackets in its title, in a label of a table of tests, or in the message of an
expectation. The same id is another statement in each version, so where it stands decides:

| where | \`[MQTT-x.y.z-n]\` is a statement of |
| --- | --- |
| \`test/wire/\` | 3.1.1 |
| \`test/wire5/\`, and files whose name ends in 5 | 5.0 |
| elsewhere | the version that has this id; 3.1.1 if both have it |

\`[MQTT5-x.y.z-n]\` is a statement of 5.0 everywhere.

Two things are known that a strict reader may want otherwise:

- 5.0, 4.4.0-1 with 3.3.4-3 and 3.3.1-13: what is sent again after a reconnect has the subscription identifier and the
  RETAIN (retain as published) of the subscription as it is by then. They differ from those of the first time where the
  client has subscribed the same filter with other options in between. To keep the first ones, each message on its way
  would need its options in memory and in the record on disk; mosquitto does that.
- 3.1.1, 3.8.4-3, and 5.0, 3.3.1-9: that a subscription has not got all its retained messages outlives the gateway,
  how many SUBSCRIBEs asked for them does not: they come once then.

`;

/** The text of `docs/mqtt-conformance.md`. */
export function renderConformancePage(coverage: Coverage): string {
  return [
    HEAD,
    summary(coverage),
    ...specifications.map((specification) => chapter(specification, coverage)),
  ].join('');
}

function summary(coverage: Coverage): string {
  const rows = specifications.map(({ version, statements }) => {
    const binding = [...statements].filter(([, statement]) => bindsServer(statement));
    const tested = binding.filter(([id]) => coverage.testsOf(version, id).length > 0);
    const counts = [statements.size, binding.length, tested.length, binding.length - tested.length];
    return `| ${[version, ...counts].join(' | ')} |\n`;
  });
  const head =
    '| MQTT | statements | bind a server | with a test | without |\n| --- | --: | --: | --: | --: |\n';
  return `${head}${rows.join('')}\n`;
}

function chapter(specification: Specification, coverage: Coverage): string {
  const parts = sections.map(([prefix, title]) => {
    const rows = idsOfSection(specification, prefix)
      .map((id) => row(specification, id, coverage))
      .join('');
    return rows === ''
      ? ''
      : `### ${prefix} ${title}\n\n| id | rule | code | tests |\n| --- | --- | --- | --- |\n${rows}\n`;
  });
  const { version, url } = specification;
  return `## MQTT ${version}\n\n[Specification](${url})\n\n${parts.join('')}${notBinding(specification)}`;
}

/** Nothing for a statement that does not bind a server. */
function row(specification: Specification, id: string, coverage: Coverage): string {
  const statement = specification.statements.get(id);
  if (statement === undefined || !bindsServer(statement)) return '';
  const code = coverage
    .sourceOf(specification.version, id)
    .map((path) => `[${basename(path, '.ts')}](../${path})`);
  const tests = coverage.testsOf(specification.version, id);
  return `| ${id} | ${escape(statement.summary)} | ${code.join(', ')} | ${testCell(tests)} |\n`;
}

function testCell(tests: readonly TestPlace[]): string {
  if (tests.length === 0) return '**none**';
  const named = tests
    .slice(0, TESTS_NAMED)
    .map(
      ({ path, title }) =>
        `[${basename(path).replace(/(?:\.test|\.suite)?\.ts$/, '')}](../${path}): ${escape(title)}`,
    );
  const rest = tests.length - named.length;
  return named.join('; ') + (rest > 0 ? `; ${rest} more` : '');
}

function notBinding(specification: Specification): string {
  const items = [...specification.statements]
    .filter(([, statement]) => !bindsServer(statement))
    .map(([id, { binds, summary: text }]) => `| ${id} | ${binds} | ${escape(text)} |\n`);
  return `### Not for a server

A bridge is a server that connects to other servers as a client; lmqtt is none.

| id | binds | rule |
| --- | --- | --- |
${items.join('')}
`;
}

/** As text in a cell of a Markdown table. */
function escape(text: string): string {
  return text.replaceAll(/[\\`*_|<>[\]]/g, '\\$&');
}
