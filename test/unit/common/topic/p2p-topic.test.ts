import { expect } from 'chai';
import { p2pClientId } from '../../../../src/common/topic/p2p-topic.ts';

describe('P2P topic', () => {
  it('addresses the client of its third level', () => {
    expect(p2pClientId('first/p2p/client-1')).to.equal('client-1');
    expect(p2pClientId('first/p2p/p2p')).to.equal('p2p');
    expect(p2pClientId('p2p/p2p/漢')).to.equal('漢');
  });

  it('is no topic of another shape', () => {
    for (const topic of [
      'first/p2p',
      'first/p2p/',
      'first/p2p/a/b',
      'first/p2p//',
      'p2p/client',
      'first/x/p2p/client',
      'first/P2P/client',
      'first/p2px/client',
      '/p2p/client',
      '$SYS/p2p/client',
      'first',
      '',
    ]) {
      expect(p2pClientId(topic), topic).to.equal(undefined);
    }
  });
});
