import type { AnyConfSpec } from '../common/config/conf-spec.ts';
import { ListenError, messageOf } from '../common/errors.ts';
import { confFiles } from './config/conf-files.ts';
import type { Config } from './config/load-all.ts';
import { addressesOf } from './listen-addresses.ts';
import { addressesOfSection, isBuiltIn } from './listener-sections.ts';

const PORT_KEY = /^(.*)Port$/;

/** The text of an error; that of an address that could not be bound with the keys that its port is from. */
export function startErrorText(error: unknown, config: Config | undefined): string {
  const text = messageOf(error);
  if (!(error instanceof ListenError) || error.port === undefined || config === undefined) {
    return text;
  }
  const keys = portKeys(config, error.port);
  return keys.length === 0 ? text : `${text} (${keys.join('; ')})`;
}

/**
 * Where a port is set: `mqttHost, mqttPort in connect.conf`. Two, where two listeners have been given the same one. What is
 * not used by this process is among them, since the port may be meant for several.
 */
export function portKeys(config: Config, port: number): readonly string[] {
  const ofFiles = confFiles.flatMap((spec) => keysOfFile(spec, config, port));
  const ofSections = config.listeners
    .filter((section) => !isBuiltIn(section))
    .filter((section) => addressesOfSection(section).some((address) => address.port === port))
    .map(({ name }) => `[listener.${name}] in connect.conf`);
  return [...ofFiles, ...ofSections];
}

function keysOfFile(spec: AnyConfSpec, config: Config, port: number): string[] {
  const values = config[spec.name as keyof Config] as unknown as Readonly<Record<string, unknown>>;
  return Object.keys(spec.keys).flatMap((key) => {
    const [, prefix] = PORT_KEY.exec(key) ?? [];
    if (prefix === undefined) return [];
    const hostKey = `${prefix}Host`;
    const hosts = values[hostKey];
    // Those of MQTT are lists, whose entries may have ports of their own.
    const ports =
      hostKey.startsWith('mqtt') && typeof hosts === 'string' && hosts !== ''
        ? addressesOf(hosts, Number(values[key]), hostKey).map((address) => address.port)
        : [values[key]];
    if (!ports.includes(port)) return [];
    return `${hosts === undefined ? '' : `${hostKey}, `}${key} in ${spec.name}.conf`;
  });
}
