import { expect } from 'chai';
import sinon from 'sinon';
import type { Logger } from '../../../../src/common/logger.ts';
import type { GatewayHooks } from '../../../../src/gateway/hooks/gateway-hooks.ts';
import { DROP, refuse } from '../../../../src/gateway/hooks/verdict.ts';
import { publish, pubrel } from '../../../helpers/packets.ts';
import { ack5, publish5 } from '../../../helpers/packets5.ts';
import { connected5, subscribed5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';
import { byPayload, acks, texts } from './hooks-by-payload.ts';

describe('gateway hooks: publish', () => {
  it('a refused message is answered by its code in MQTT 5, and the connection goes on', async () => {
    const world = new World({ hooks: [byPayload] });
    const subscriber = await subscribed5(world, { clientId: 's' }, 'a', 1);
    const client = await connected5(world);
    const answers = await client.exchange(
      publish5({ topic: 'a', qos: 1, id: 1, payload: 'refuse' }),
      publish5({ topic: 'a', qos: 2, id: 2, payload: 'refuse' }),
      publish5({ topic: 'a', qos: 0, payload: 'refuse' }),
      publish5({ topic: 'a', qos: 1, id: 3, payload: 'good' }),
    );
    expect(acks(answers)).to.deep.equal(['puback 1 0x97', 'pubrec 2 0x97', 'puback 3 0x0']);
    expect(texts(await subscriber.publishes())).to.deep.equal(['good']);
    expect(world.stats.publishesRefused).to.equal(3);
    expect(world.store.stats.recordsAppended).to.equal(1);
  });

  for (const qos of [0, 1, 2] as const) {
    it(`a refused message of QoS ${String(qos)} closes a 3.1.1 connection, and is not stored`, async () => {
      const world = new World({ hooks: [byPayload] });
      const client = await world.connected();
      const answers = await client.exchange(publish({ topic: 'a', qos, id: 1, payload: 'refuse' }));
      expect(answers).to.deep.equal([]);
      expect(client.closed).to.equal(true);
      expect(world.store.stats.recordsAppended).to.equal(0);
    });
  }

  it('a code that PUBACK may not carry becomes 0x83', async () => {
    const world = new World({ hooks: [{ onPublish: () => refuse(0x8d) }] });
    const client = await connected5(world);
    const answers = await client.exchange(publish5({ topic: 'a', qos: 1, id: 1 }));
    expect(acks(answers)).to.deep.equal(['puback 1 0x83']);
  });

  it('a dropped message is acknowledged as any other, and nobody gets it', async () => {
    const world = new World({ hooks: [byPayload] });
    const subscriber = await subscribed5(world, { clientId: 's' }, 'a', 2);
    const client = await connected5(world, { properties: [['sessionExpiry', 100]] });
    const answers = await client.exchange(
      publish5({ topic: 'a', qos: 1, id: 1, payload: 'drop' }),
      publish5({ topic: 'a', qos: 2, id: 2, payload: 'drop' }),
      publish5({ topic: 'a', qos: 2, id: 2, payload: 'drop', dup: true }),
      ack5('pubrel', 2),
      publish5({ topic: 'a', qos: 0, payload: 'drop' }),
    );
    expect(acks(answers)).to.deep.equal([
      'puback 1 0x0',
      'pubrec 2 0x0',
      'pubrec 2 0x0',
      'pubcomp 2 0x0',
    ]);
    expect(await subscriber.publishes()).to.deep.equal([]);
    expect(world.stats.messagesDroppedByHooks).to.equal(3);
    expect(world.store.stats.recordsAppended).to.equal(0);
  });

  it('a hook that throws refuses with 0x83, is counted, and logged once a second', async () => {
    const error = sinon.fake();
    const logger: Logger = {
      debug: sinon.fake(),
      info: sinon.fake(),
      warn: sinon.fake(),
      error,
      child: () => logger,
    };
    const world = new World({ hooks: [byPayload], logger });
    const client = await connected5(world);
    const bad = (id: number): Buffer => publish5({ topic: 'a', qos: 1, id, payload: 'throw' });
    const answers = await client.exchange(bad(1), bad(2), bad(3));
    expect(acks(answers)).to.deep.equal(['puback 1 0x83', 'puback 2 0x83', 'puback 3 0x83']);
    expect(world.stats.hookErrors).to.equal(3);
    expect(world.store.stats.recordsAppended).to.equal(0);
    expect(error.callCount).to.equal(1);
    expect(error.firstCall.args[0]).to.include({ hook: 'by payload', method: 'onPublish' });
    world.clock.advance(1000);
    await client.exchange(bad(4));
    expect(error.callCount).to.equal(2);
    expect(error.secondCall.args[0]).to.include({ times: 3 });
    const old = await world.connected({ clientId: 'old' });
    expect(
      await old.exchange(publish({ topic: 'a', qos: 1, id: 1, payload: 'throw' })),
    ).to.deep.equal([]);
    expect(old.closed).to.equal(true);
  });

  it('what is no verdict refuses: a promise, whose rejection is no crash, and anything else', async () => {
    const verdicts = [() => Promise.reject(new Error('late')), () => false, () => 'DROP'];
    const hook = { onPublish: (): unknown => verdicts.shift()!() } as unknown as GatewayHooks;
    const world = new World({ hooks: [hook] });
    const client = await connected5(world);
    const answers = await client.exchange(
      publish5({ topic: 'a', qos: 1, id: 1 }),
      publish5({ topic: 'a', qos: 1, id: 2 }),
      publish5({ topic: 'a', qos: 1, id: 3 }),
    );
    expect(acks(answers)).to.deep.equal(['puback 1 0x83', 'puback 2 0x83', 'puback 3 0x83']);
    expect(world.stats.hookErrors).to.equal(4);
  });

  it('hooks are asked in their order, each sees what the one before made, the first verdict ends it', async () => {
    const log: string[] = [];
    const named = (name: string): GatewayHooks => ({
      name,
      onPublish(message) {
        log.push(`${name} ${message.payload.toString()}`);
        if (message.payload.toString().includes('stop')) return DROP;
        message.payload = Buffer.concat([message.payload, Buffer.from(name)]);
        return undefined;
      },
    });
    const world = new World({ hooks: [named('1'), named('2')] });
    const subscriber = await subscribed5(world, { clientId: 's' }, 'a', 0);
    const client = await world.connected();
    await client.exchange(
      publish({ topic: 'a', payload: 'go' }),
      publish({ topic: 'a', payload: 'stop' }),
    );
    expect(log).to.deep.equal(['1 go', '2 go1', '1 stop']);
    expect(texts(await subscriber.publishes())).to.deep.equal(['go12']);
  });

  it('a repetition of QoS 2 does not reach the hooks again', async () => {
    const onPublish = sinon.fake();
    const world = new World({ hooks: [{ onPublish }] });
    const client = await world.connected();
    await client.exchange(
      publish({ topic: 'a', qos: 2, id: 5 }),
      publish({ topic: 'a', qos: 2, id: 5, dup: true }),
    );
    expect(onPublish.callCount).to.equal(1);
    await client.exchange(pubrel(5), publish({ topic: 'a', qos: 2, id: 5 }));
    expect(onPublish.callCount).to.equal(2);
  });
});
