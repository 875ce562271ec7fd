import { expect } from 'chai';
import { dispatchRequest } from '../../../src/remoting/request-dispatcher.ts';
import { aCommand } from './remoting-fixtures.ts';

const AT = { localAddress: '127.0.0.1:9876' };

describe('dispatchRequest', () => {
  it('answers an unknown code with 3 and the remark of RocketMQ', async () => {
    const answer = await dispatchRequest(new Map(), aCommand({ code: 105 }), AT);
    expect(answer).to.deep.equal({ code: 3, remark: ' request type 105 not supported' });
  });

  it('answers what a processor throws with 1 and the message', async () => {
    const processors = new Map([
      [
        100,
        () => {
          throw new Error('out of order');
        },
      ],
    ]);
    const answer = await dispatchRequest(processors, aCommand(), AT);
    expect(answer).to.deep.equal({ code: 1, remark: 'out of order' });
  });

  it('answers what a processor rejects with 1 and the message', async () => {
    const processors = new Map([[100, () => Promise.reject(new Error('disk full'))]]);
    const answer = await dispatchRequest(processors, aCommand(), AT);
    expect(answer).to.deep.equal({ code: 1, remark: 'disk full' });
  });
});
