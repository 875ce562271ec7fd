import type { AuthenticationStep, EnhancedAuthenticator } from '../../../../../src/auth/types.ts';
import { auth5, connect5, type Packet5 } from '../../../../helpers/packets5.ts';
import type { Properties } from '../../../../helpers/properties5.ts';
import { turns } from '../../fake-socket.ts';
import { FakeClient5 } from '../../fake-client5.ts';
import { World } from '../../gateway-world.ts';

export const METHOD = 'X-COUNT';

/** Lets in who says `rounds` times what it is told; `bad` fails, `throw` throws, `wait` waits for `release`. */
export class CountingAuthenticator implements EnhancedAuthenticator {
  readonly method: string = METHOD;
  begun = 0;
  release: () => void = () => undefined;
  username: string | undefined = 'alice';
  readonly #rounds: number;

  constructor(rounds: number) {
    this.#rounds = rounds;
  }

  begin(): ReturnType<EnhancedAuthenticator['begin']> {
    this.begun++;
    let round = 0;
    return {
      next: async (data): Promise<AuthenticationStep> => {
        const text = data?.toString() ?? '';
        if (text === 'throw') throw new Error('the directory is down');
        if (text === 'wait') await new Promise<void>((resolve) => (this.release = resolve));
        if (text === 'bad') return { outcome: 'FAILURE' };
        if (round++ < this.#rounds) {
          return { outcome: 'CONTINUE', data: Buffer.from(`round ${String(round)}`) };
        }
        return { outcome: 'SUCCESS', username: this.username, data: Buffer.from('welcome') };
      },
    };
  }
}

export function fields(data?: string, method: string = METHOD): Properties {
  return data === undefined
    ? [['authMethod', method]]
    : [
        ['authMethod', method],
        ['authData', Buffer.from(data)],
      ];
}

export const next = (data?: string, method?: string): Buffer => auth5(0x18, fields(data, method));

export const again = (data?: string, method?: string): Buffer => auth5(0x19, fields(data, method));

export interface Scene {
  readonly world: World;
  readonly client: FakeClient5;
  readonly authenticator: CountingAuthenticator;
}

/** A client that has sent CONNECT with the method; nothing is taken. */
export async function begun(rounds = 1, data = 'hello', extra: Properties = []): Promise<Scene> {
  const authenticator = new CountingAuthenticator(rounds);
  const world = new World({
    enhancedAuthenticators: [authenticator],
    authenticator: { authenticate: () => 'NOT_AUTHORIZED' },
  });
  const client = new FakeClient5(world);
  const properties = [...fields(data), ...extra];
  client.socket.feed(connect5({ clientId: 'c', keepAlive: 0, properties }));
  await turns();
  return { world, client, authenticator };
}

export function told(packets: readonly Packet5[]): string[] {
  return packets.map((packet) => {
    const code = 'code' in packet ? ` 0x${packet.code.toString(16)}` : '';
    return packet.type + code;
  });
}
