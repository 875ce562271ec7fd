import { expect } from 'chai';
import { systemClock } from '../../../../src/common/clock.ts';
import { StoreError } from '../../../../src/common/errors.ts';
import { grpcDialer } from '../../../../src/lmq/remote/grpc-dialer.ts';
import type { StoreLink } from '../../../../src/lmq/remote/store-link.ts';
import { freePort } from '../../../helpers/free-port.ts';

interface End {
  readonly address: string;
  readonly isRefused: boolean;
  readonly isAbsent: boolean;
}

describe('the dialer of a remote store', function () {
  this.timeout(30_000);
  let addresses: readonly string[];
  let dial: () => Promise<End>;

  beforeEach(() => {
    addresses = [];
    const dialer = grpcDialer({
      addresses: () => addresses,
      credentials: {},
      clock: systemClock,
      maxMessageBytes: 1 << 20,
      windowBytes: 1 << 20,
    });
    dial = () =>
      new Promise((resolve, reject) => {
        try {
          const link: StoreLink = dialer({
            onFrame: () => undefined,
            onDrain: () => undefined,
            onEnd: (_reason, isRefused, isAbsent = false) => {
              resolve({ address: link.address, isRefused, isAbsent });
            },
          });
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
  });

  it('tells an address at which nobody listens from a store that does not want the node', async () => {
    addresses = [`127.0.0.1:${String(await freePort())}`];
    expect(await dial()).to.deep.equal({
      address: addresses[0],
      isRefused: false,
      isAbsent: true,
    });
  });

  it('tries the store where it was when nobody knows where it is', async () => {
    const [address] = (addresses = [`127.0.0.1:${String(await freePort())}`]);
    await dial();
    addresses = [];
    expect((await dial()).address).to.equal(address);
  });

  it('cannot dial before an address was known', async () => {
    const failure: unknown = await dial().catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(StoreError);
  });
});
