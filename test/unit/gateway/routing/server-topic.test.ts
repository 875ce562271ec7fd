import { expect } from 'chai';
import { isServerTopic } from '../../../../src/gateway/routing/server-topic.ts';

describe('gateway: isServerTopic', () => {
  it('is true of names and filters below $SYS and $events', () => {
    for (const name of [
      '$SYS',
      '$SYS/broker/uptime',
      '$SYS/#',
      '$events/client_connected',
      '$events/+',
    ]) {
      expect(isServerTopic(name), name).to.equal(true);
    }
  });

  it('is false of everything else', () => {
    for (const name of [
      '#',
      '+/x',
      '',
      '/$SYS',
      'a/$SYS',
      '$SYSx',
      '$sys/a',
      '$eventsx/a',
      '$share/g/$SYS/#',
    ]) {
      expect(isServerTopic(name), name).to.equal(false);
    }
  });
});
