import { expect } from 'chai';
import { checkEnvironment } from '../../../../src/common/config/check-environment.ts';
import { flag } from '../../../../src/common/config/key-schema.ts';
import { ConfigError } from '../../../../src/common/errors.ts';

const spec = {
  name: 'sample',
  title: '',
  keys: { isOn: flag({ default: true, description: '' }) },
  retired: {},
};

function check(environment: Record<string, string>): void {
  checkEnvironment([spec], ['LMQTT_HOME', 'LMQTT_TEST_'], environment);
}

describe('checkEnvironment', () => {
  it('accepts keys, other known names and prefixes, and what is not ours', () => {
    check({ LMQTT_SAMPLE_IS_ON: 'x', LMQTT_HOME: '/', LMQTT_TEST_ANY: '1', PATH: '', LMQT: '' });
  });

  it('refuses an unknown variable with a suggestion', () => {
    expect(() => {
      check({ LMQTT_SAMPLE_ISON: 'true' });
    }).to.throw(
      ConfigError,
      "environment: unknown variable LMQTT_SAMPLE_ISON, did you mean 'LMQTT_SAMPLE_IS_ON'?",
    );
  });

  it('refuses the bare prefix of the test suite', () => {
    expect(() => {
      check({ LMQTT_TEST: '' });
    }).to.throw(ConfigError, 'LMQTT_TEST');
  });
});
