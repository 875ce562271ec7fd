import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { bind, listenError } from '../../../src/common/bind.ts';
import { ListenError } from '../../../src/common/errors.ts';

async function failureOf(work: Promise<void>): Promise<ListenError> {
  const failure: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).to.be.instanceOf(ListenError);
  return failure as ListenError;
}

describe('bind', () => {
  it('listens, and leaves no listener for errors behind', async () => {
    const server = createServer();
    await bind(server, { host: '127.0.0.1', port: 0 });
    expect(server.listening).to.equal(true);
    expect(server.listenerCount('error')).to.equal(0);
    server.close();
  });

  it('names the address, the reason and what can be done when the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const error = await failureOf(
        bind(createServer(), { host: '127.0.0.1', port }, 'listen for MQTT'),
      );
      expect(error.message).to.equal(
        `cannot listen for MQTT on 127.0.0.1:${port}: the port is in use: stop what uses it, or choose another`,
      );
      expect(error).to.deep.include({ port, code: 'LMQTT_LISTEN_FAILED' });
      expect(error.cause).to.include({ code: 'EADDRINUSE' });
    } finally {
      other.close();
    }
  });

  it('says that an address is none of this machine', async () => {
    const error = await failureOf(bind(createServer(), { host: '192.0.2.1', port: 1 }));
    expect(error.message).to.equal(
      'cannot listen on 192.0.2.1:1: the address does not belong to this machine',
    );
  });
});

describe('listenError', () => {
  it('finds the code in the text, where gRPC has it', () => {
    const cause = new Error(
      'No address added out of total 1 resolved errors: [listen EADDRINUSE: address already in use ::1:9]',
    );
    expect(listenError({ host: '::1', port: 9 }, cause).message).to.match(
      /^cannot listen on \[::1\]:9: the port is in use/,
    );
  });

  it('keeps the text of what it does not know', () => {
    const cause = new Error('the moon is full');
    expect(listenError({ host: 'a', port: 9 }, cause)).to.include({
      message: 'cannot listen on a:9: the moon is full',
      cause,
    });
  });
});
