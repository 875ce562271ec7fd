import { expect } from 'chai';
import type { ConfSpec } from '../../../../src/common/config/conf-spec.ts';
import { choice, flag, integer, port, text } from '../../../../src/common/config/key-schema.ts';
import { loadConf, redacted } from '../../../../src/common/config/load-conf.ts';
import { ConfigError } from '../../../../src/common/errors.ts';

interface SampleConf {
  mqttPort: number;
  maxConn: number;
  name: string;
  secretKey: string;
  isOn: boolean;
  mode: 'auto' | 'true' | 'false';
}

const description = 'x';
const spec: ConfSpec<SampleConf> = {
  name: 'sample',
  title: 'A sample.',
  keys: {
    mqttPort: port({ default: 1883, description }),
    maxConn: integer({ default: 10, minimum: 1, maximum: 99, unit: 'connections', description }),
    name: text({ default: 'n', minLength: 1, description }),
    secretKey: text({ default: '', secret: true, description }),
    isOn: flag({ default: true, description }),
    mode: choice(['auto', 'true', 'false'], { default: 'auto', description }),
  },
  aliases: { isOnn: 'isOn' },
  retired: { order: 'order always holds' },
};

const defaults: SampleConf = {
  mqttPort: 1883,
  maxConn: 10,
  name: 'n',
  secretKey: '',
  isOn: true,
  mode: 'auto',
};

function load(text: string | undefined, environment: Record<string, string> = {}): SampleConf {
  return loadConf(spec, { origin: 'conf/sample.conf', text }, environment);
}

describe('loadConf', () => {
  it('gives the defaults when there is no file', () => {
    expect(load(undefined)).to.deep.equal(defaults);
  });

  it('takes another spelling for the key that it stands for', () => {
    expect(load('isOnn = false')).to.include({ isOn: false });
    expect(() => load('isOnn = maybe')).to.throw(ConfigError, 'conf/sample.conf:1: isOn');
  });

  it('refuses a key that is set in two spellings', () => {
    for (const text of ['isOn = true\nisOnn = false', 'isOnn = false\nisOn = true']) {
      expect(() => load(text)).to.throw(ConfigError, "'isOnn' is 'isOn', which is set too");
    }
  });

  it('reads each type from the file', () => {
    const conf = load(
      'mqttPort=0\nmaxConn = 99\nname = 12\nisOn=false\nmode = true\nsecretKey="a;b"',
    );
    expect(conf).to.deep.equal({
      mqttPort: 0,
      maxConn: 99,
      name: '12',
      secretKey: 'a;b',
      isOn: false,
      mode: 'true',
    });
  });

  it('prefers the environment to the file', () => {
    const environment = { LMQTT_SAMPLE_MQTT_PORT: '5', LMQTT_SAMPLE_IS_ON: 'false' };
    const conf = load('mqttPort = 1', environment);
    expect(conf).to.deep.equal({ ...defaults, mqttPort: 5, isOn: false });
  });

  it('is frozen', () => {
    expect(load('')).to.be.frozen;
  });

  const refused: Record<string, [string, string]> = {
    'an unknown key, with a suggestion': [
      '\nmaxCon = 5',
      "conf/sample.conf:2: unknown key 'maxCon', did you mean 'maxConn'?",
    ],
    'a key in another case': ['mqttport = 5', "did you mean 'mqttPort'?"],
    'an unknown key like no other': ['zzzzzzzzzz = 5', "unknown key 'zzzzzzzzzz'"],
    'a key of Object.prototype': ['constructor = 5', "unknown key 'constructor'"],
    'a key that is gone, with the reason': [
      'order = true',
      "key 'order' does not exist here: order always holds",
    ],
    'a word for a number': [
      'maxConn = many',
      "conf/sample.conf:1: maxConn = 'many': expected a whole number from 1 to 99 (connections)",
    ],
    'a fraction': ['maxConn = 1.5', "maxConn = '1.5'"],
    'an exponent': ['maxConn = 1e1', "maxConn = '1e1'"],
    'a hexadecimal number': ['maxConn = 0x10', "maxConn = '0x10'"],
    'an empty number': ['maxConn =', "maxConn = ''"],
    'a number below its range': ['maxConn = 0', 'from 1 to 99'],
    'a number above its range': ['mqttPort = 65536', 'from 0 to 65535'],
    'a number beyond safe integers': ['maxConn = 99999999999999999999', 'from 1 to 99'],
    'a boolean in other words': ['isOn = yes', "isOn = 'yes': expected true or false"],
    'a value outside the enumeration': ['mode = maybe', 'expected one of auto, true, false'],
    'an empty text where one is needed': ['name =', 'expected text that is not empty'],
  };
  for (const [what, [text, message]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      expect(() => load(text)).to.throw(ConfigError, message);
    });
  }

  it('names the variable of a value from the environment', () => {
    expect(() => load('', { LMQTT_SAMPLE_MAX_CONN: '100' })).to.throw(
      ConfigError,
      "environment: LMQTT_SAMPLE_MAX_CONN = '100': expected a whole number from 1 to 99",
    );
  });

  it('checks a value of the file even when the environment overrides it', () => {
    expect(() => load('maxConn = x', { LMQTT_SAMPLE_MAX_CONN: '5' })).to.throw(ConfigError, "'x'");
  });
});

describe('redacted', () => {
  it('masks secrets that are set and nothing else', () => {
    const conf = load('secretKey = hush\nname = shown');
    expect(redacted(spec, conf)).to.deep.equal({
      ...defaults,
      name: 'shown',
      secretKey: '<redacted>',
    });
    expect(redacted(spec, load(''))).to.deep.equal(defaults);
  });

  it('keeps the value of a secret out of error messages', () => {
    const strict: ConfSpec<{ secretKey: string }> = {
      ...spec,
      keys: { secretKey: text({ default: 'abc', minLength: 3, secret: true, description }) },
    };
    expect(() => loadConf(strict, { origin: 'f', text: 'secretKey = hu' }, {})).to.throw(
      ConfigError,
      'f:1: secretKey = <redacted>: expected text that is not empty',
    );
  });
});
