import { expect } from 'chai';
import { AuthDecision, type Credentials } from '../../../../../src/auth/types.ts';
import { Channel } from '../../../../../src/gateway/channel/channel.ts';
import { Connection } from '../../../../../src/gateway/connection/connection.ts';
import { connect } from '../../../../helpers/packets.ts';
import { FakeSocket, turns } from '../../fake-socket.ts';
import { World } from '../../gateway-world.ts';

describe('gateway: handleConnect with a client certificate', () => {
  async function connected(certificateCommonName: string | undefined) {
    const seen: Credentials[] = [];
    const authenticate = (credentials: Credentials): AuthDecision => {
      seen.push(credentials);
      return AuthDecision.ALLOW;
    };
    const world = new World({ authenticator: { authenticate } });
    const peer = { address: '203.0.113.9', port: 40_000, certificateCommonName };
    const socket = new FakeSocket();
    const { flushQueue, lingering, stats } = world;
    const connection = new Connection(socket.socket, flushQueue, lingering, stats, 65_536, peer);
    const channel = new Channel(world.context, connection, () => undefined);
    connection.open(channel);
    socket.feed(connect({ clientId: 'c', username: 'claimed', password: 'p' }));
    await turns();
    return { credentials: seen[0]!, principal: channel.principal };
  }

  it('takes the common name as the user name, whatever the CONNECT says', async () => {
    const { credentials, principal } = await connected('device-1');
    expect(credentials).to.include({ username: 'device-1', certificateCommonName: 'device-1' });
    expect(principal.username).to.equal('device-1');
  });

  it('takes the user name of the CONNECT when there is none', async () => {
    const { credentials, principal } = await connected(undefined);
    expect(credentials).to.include({ username: 'claimed', certificateCommonName: undefined });
    expect(principal.username).to.equal('claimed');
  });

  it('knows the client by the address that the proxy has named', async () => {
    const { credentials } = await connected(undefined);
    expect(credentials.remoteAddress).to.equal('203.0.113.9');
  });
});
