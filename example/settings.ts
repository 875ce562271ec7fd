// Settings of the examples: from the environment, with the names that the examples of Apache
// RocketMQ MQTT use, and from the command line.
import { parseArgs } from 'node:util';

export interface Settings {
  /** Address of the gateway. */
  host: string;
  port: number;
  /** First level of every topic. */
  topic: string;
  /** Signs in when set; anonymous otherwise. */
  username: string | undefined;
  /** The secret key (`secretKey` in conf/service.conf), which never travels. */
  password: string;
  /** Address of the name server, for the example of the closed gateway. */
  namesrv: string;
  /** Rounds to send, or messages to wait for. */
  messages: number;
  /** Wait for so many seconds at most. */
  timeout: number;
  /** Go on until interrupted. */
  forever: boolean;
  /** Words after the options. */
  words: string[];
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`${name} must be a whole number from 1 on, not '${text}'`);
  }
  return value;
}

/** Reads the settings; `messages` is the example's own default for `--messages`. */
export function readSettings(messages: number): Settings {
  const { values, positionals } = parseArgs({
    options: {
      messages: { type: 'string', default: String(messages) },
      timeout: { type: 'string', default: '30' },
      forever: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const { env } = process;
  return {
    host: env['host'] ?? '127.0.0.1',
    port: wholeNumber('port', env['port'] ?? '1883'),
    topic: env['topic'] ?? 'topic1',
    username: env['username'],
    password: env['password'] ?? '',
    namesrv: env['namesrv'] ?? '127.0.0.1:9876',
    messages: wholeNumber('--messages', values.messages),
    timeout: wholeNumber('--timeout', values.timeout),
    forever: values.forever,
    words: positionals,
  };
}
