import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import sinon from 'sinon';
import { closeHandedConnections } from '../../../src/cli/handed-connections.ts';

const CLUSTER = { cmd: 'NODE_CLUSTER' };

describe('closeHandedConnections', () => {
  let sent: sinon.SinonStub;
  let child: EventEmitter & { send: sinon.SinonStub };
  let disconnect: sinon.SinonSpy;

  beforeEach(() => {
    sent = sinon.stub().returns(true);
    child = Object.assign(new EventEmitter(), { send: sent });
    disconnect = sinon.spy();
    closeHandedConnections({ process: child, disconnect } as unknown as Worker);
  });

  function handOver(seq: number): sinon.SinonSpy {
    const close = sinon.spy();
    const message = { ...CLUSTER, act: 'newconn', key: 'k', seq };
    const handle = { close };
    expect(child.send(message, handle)).to.equal(true);
    expect(sent.lastCall.args).to.deep.equal([message, handle]);
    return close;
  }

  it('closes what a worker had not answered for when it ended, and deals it no more', () => {
    const first = handOver(1);
    const second = handOver(2);
    child.emit('exit', null, 'SIGKILL');
    expect([first.callCount, second.callCount]).to.deep.equal([0, 0]);
    child.emit('close', null, 'SIGKILL');
    expect([first.callCount, second.callCount]).to.deep.equal([1, 1]);
    expect(disconnect.callCount).to.equal(1);
  });

  for (const accepted of [true, false]) {
    it(`leaves alone what a worker has ${accepted ? 'taken' : 'refused, for another has it'}`, () => {
      const answered = handOver(1);
      const open = handOver(2);
      child.emit('internalMessage', { ...CLUSTER, ack: 1, accepted });
      child.emit('close', 0, null);
      expect([answered.callCount, open.callCount]).to.deep.equal([0, 1]);
    });
  }

  it('closes no listening socket, and is not misled by other messages', () => {
    const listening = { close: sinon.spy() };
    child.send({ ...CLUSTER, ack: 7, key: 'k', seq: 1 }, listening);
    const open = handOver(2);
    child.emit('internalMessage', { cmd: 'NODE_HANDLE_ACK', ack: 2 });
    child.emit('internalMessage', { ...CLUSTER, act: 'listening', seq: 2 });
    child.send({ kind: 'stop' });
    child.emit('close', 0, null);
    expect(listening.close.callCount).to.equal(0);
    expect(open.callCount).to.equal(1);
  });
});
