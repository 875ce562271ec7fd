import { expect } from 'chai';
import sinon from 'sinon';
import { NodeRegistration } from '../../../src/cli/node-registration.ts';
import type { TopicMetadata } from '../../../src/gateway/routing/topic-metadata.ts';

describe('NodeRegistration', () => {
  const stub = () => ({
    registerNode: sinon.stub().resolves(),
    unregisterNode: sinon.stub().resolves(),
  });

  it('puts the bound address into LMQ_CONNECT_NODES and takes it out again', async () => {
    const metadata = stub();
    const registration = new NodeRegistration(
      metadata as unknown as TopicMetadata,
      () => '127.0.0.1:1883',
    );
    await registration.start();
    expect(metadata.registerNode.args).to.deep.equal([['127.0.0.1:1883']]);
    await registration.stop();
    await registration.stop();
    expect(metadata.unregisterNode.args).to.deep.equal([['127.0.0.1:1883']]);
  });

  it('has nothing to take out when it was not started', async () => {
    const metadata = stub();
    await new NodeRegistration(metadata as unknown as TopicMetadata, () => '').stop();
    expect(metadata.unregisterNode.called).to.equal(false);
  });
});
