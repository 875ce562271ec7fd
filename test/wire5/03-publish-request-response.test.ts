import { expect } from 'chai';
import { ack5, publish5 } from '../helpers/packets5.ts';
import { textOf, valueOf } from '../helpers/properties5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 03 request and response (§4.10)', () => {
  const wire = useWire5();

  it('the responder answers where and with what the request says [MQTT-3.3.2-15] [MQTT-3.3.2-16]', async () => {
    const own = wire.name('request');
    const responder = await wire.subscribed(`${own}/ask`, 1);
    const requester = await wire.subscribed(`${own}/answers/1`, 1);
    const correlation = Buffer.from([0, 1, 0xfe, 0xff]);
    requester.send(
      publish5({
        topic: `${own}/ask`,
        payload: 'question',
        qos: 1,
        id: 1,
        properties: [
          ['responseTopic', `${own}/answers/1`],
          ['correlationData', correlation],
        ],
      }),
    );
    await requester.ack('puback', 1);
    const request = await responder.publish({ payload: 'question' });
    const topic = textOf(request.properties, 'responseTopic') ?? '';
    const data = valueOf(request.properties, 'correlationData') ?? '';
    expect(topic).to.equal(`${own}/answers/1`);
    responder.send(
      ack5('puback', request.id),
      publish5({
        topic,
        payload: 'answer',
        qos: 1,
        id: 2,
        properties: [['correlationData', data]],
      }),
    );
    await responder.ack('puback', 2);
    await requester.publish({ payload: 'answer', properties: [['correlationData', correlation]] });
  });
});
