import { expect } from 'chai';
import type { EnhancedAuthenticator } from '../../../../../src/auth/types.ts';
import { ReasonCode } from '../../../../../src/gateway/codec/reason-code.ts';
import { connect5 } from '../../../../helpers/packets5.ts';
import type { Properties } from '../../../../helpers/properties5.ts';
import { turns } from '../../fake-socket.ts';
import { FakeClient5 } from '../../fake-client5.ts';
import { World } from '../../gateway-world.ts';

const METHOD = 'X-SIZE';

/** Asks with as many bytes as it is told. */
const authenticator: EnhancedAuthenticator = {
  method: METHOD,
  begin: () => ({
    next: (data) => ({ outcome: 'CONTINUE', data: Buffer.alloc(Number(data?.toString()), 'x') }),
  }),
};

async function asked(bytes: number, ...extra: Properties): Promise<FakeClient5> {
  const world = new World({ enhancedAuthenticators: [authenticator] });
  const client = new FakeClient5(world);
  const properties: Properties = [
    ['authMethod', METHOD],
    ['authData', Buffer.from(String(bytes))],
    ...extra,
  ];
  client.socket.feed(connect5({ clientId: 'c', properties }));
  await turns();
  return client;
}

describe('gateway: AUTH of the server', () => {
  // Type, length, code, length of the properties, method and the length of the data.
  const empty = 4 + 3 + METHOD.length + 3;

  it('has nothing but method and data, so that it is no larger than the exchange needs [MQTT-3.15.2-2] [MQTT-3.15.2-3]', async () => {
    for (const extra of [[], [['maximumPacketSize', empty + 10]]] as const) {
      const client = await asked(10, ...extra);
      expect(client.take()).to.deep.equal([
        {
          type: 'auth',
          code: 0x18,
          properties: [
            ['authMethod', METHOD],
            ['authData', Buffer.alloc(10, 'x')],
          ],
        },
      ]);
    }
  });

  it('is not sent where the client does not take it; CONNACK says so, and the connection closes [MQTT5-3.1.2-24]', async () => {
    const client = await asked(10, ['maximumPacketSize', empty + 9]);
    const [answer, ...rest] = client.take();
    expect(answer).to.include({ type: 'connack', code: ReasonCode.PACKET_TOO_LARGE });
    expect(rest).to.deep.equal([]);
    expect(client.closed).to.equal(true);
  });
});
