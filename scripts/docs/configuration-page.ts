import {
  type AnyConfSpec,
  type AnyKeySchema,
  environmentName,
} from '../../src/common/config/conf-spec.ts';
import { expectationOf } from '../../src/common/config/expectation.ts';

const HEAD = `# Configuration

Made from the schemas in \`src/cli/config/\` by \`npm run docs\`: change those, not this page.

Each file in \`conf/\` is ini: \`key = value\` lines, comments after \`#\` or \`;\`; only \`connect.conf\` may have
sections, behind its keys. A key
that is not in a file, and a file that is not there, means defaults. Every key can be set by an environment
variable too, which wins over the file. An unknown key or variable, a key set twice and a value that does
not fit stop the start with a message that names the place.

| variable | meaning | default |
| --- | --- | --- |
| \`LMQTT_HOME\` | parent of the folders below | the project's folder |
| \`LMQTT_CONF_DIR\` | configuration files | \`$LMQTT_HOME/conf\` |
| \`LMQTT_DATA_DIR\` | store and name server table | \`$LMQTT_HOME/data\` |
| \`LMQTT_LOG_DIR\` | log files | \`$LMQTT_HOME/logs\` |
| \`LMQTT_RUN_DIR\` | pid and ready files of \`bin/mqtt.sh\` | \`$LMQTT_HOME/run\` |
`;

/** The text of `docs/configuration.md`. */
export function renderConfigurationPage(specs: readonly AnyConfSpec[]): string {
  return [HEAD, ...specs.map(renderSpec)].join('\n');
}

function renderSpec(spec: AnyConfSpec): string {
  const rows = Object.entries(spec.keys).map(([key, schema]) => renderRow(spec, key, schema));
  const table = [
    '| key and variable | default | accepts | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
  ];
  const retired = Object.entries(spec.retired).map(([key, hint]) => `- \`${key}\`: ${cell(hint)}`);
  const absent =
    retired.length === 0
      ? []
      : ['', 'Keys of Apache RocketMQ MQTT that do not exist here:', '', ...retired];
  const page = [`## ${spec.name}.conf`, '', spec.title, '', ...table, ...absent, ''];
  return [...page, ...renderSections(spec)].join('\n');
}

function renderSections({ sections, keys }: AnyConfSpec): string[] {
  if (sections === undefined) return [];
  const rows = Object.entries(sections.keys).map(([key, schema]) => {
    const meaning = Object.hasOwn(keys, key) && keys[key] === schema ? 'as above' : undefined;
    return `| \`${key}\` | ${expectationOf(schema)} | ${meaning ?? cell(schema.description)} |`;
  });
  const table = ['| key | accepts | meaning |', '| --- | --- | --- |', ...rows];
  return [`### Sections [${sections.kind}.name]`, '', sections.title, '', ...table, ''];
}

function renderRow(spec: AnyConfSpec, key: string, schema: AnyKeySchema): string {
  const unit = schema.unit === undefined ? '' : ` (${schema.unit})`;
  const value = schema.default === '' ? 'empty' : `\`${String(schema.default)}\``;
  const names = `\`${key}\`<br>\`${environmentName(spec.name, key)}\``;
  return `| ${names} | ${value} | ${expectationOf(schema)}${unit} | ${cell(schema.description)} |`;
}

function cell(text: string): string {
  return text.replaceAll('\n', '<br>').replaceAll('|', '\\|');
}
