import { expect } from 'chai';
import { didYouMean } from '../../../../src/common/config/suggestion.ts';

describe('didYouMean', () => {
  const known = ['mqttPort', 'mqttHost', 'maxConn'];

  it('names the closest key', () => {
    expect(didYouMean('mqttPrt', known)).to.equal(", did you mean 'mqttPort'?");
    expect(didYouMean('MQTTHOST', known)).to.equal(", did you mean 'mqttHost'?");
  });

  it('says nothing when none is close', () => {
    expect(didYouMean('flushDiskType', known)).to.equal('');
    expect(didYouMean('x', [])).to.equal('');
  });
});
