import { expect } from 'chai';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { awaitFirstBytes } from '../../../../src/gateway/listener/first-bytes.ts';
import { eventually } from '../../../helpers/eventually.ts';

describe('gateway: awaitFirstBytes', () => {
  let client: Socket;
  let accepted: Socket;
  let told: string[];
  let close: () => void;

  beforeEach(async () => {
    told = [];
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const arrival = once(server, 'connection');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.setNoDelay().on('error', () => undefined);
    [accepted] = (await arrival) as [Socket];
    close = () => {
      client.destroy();
      accepted.destroy();
      server.close();
    };
    awaitFirstBytes(
      accepted,
      (received) => received.includes('!'),
      (received) => told.push(received.toString()),
    );
  });
  afterEach(() => {
    close();
  });

  it('tells all that has come once it is enough, and leaves the socket to others', async () => {
    for (const byte of 'ab!c') {
      client.write(byte);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await eventually('first bytes', () => told.length > 0);
    expect(told[0]).to.match(/^ab!c?$/);
    expect(accepted.isPaused()).to.equal(true);
    accepted.unshift(Buffer.from('x'));
    let rest = '';
    accepted.on('data', (chunk: Buffer) => (rest += chunk.toString()));
    accepted.resume();
    client.write('d');
    await eventually('the rest', () => rest.endsWith('d'));
    expect(rest.startsWith('x')).to.equal(true);
    expect(told.length).to.equal(1);
  });

  it('closes when the peer ends before', async () => {
    client.end('ab');
    await once(accepted, 'close');
    expect(told).to.deep.equal([]);
  });
});
