import { expect } from 'chai';
import { isValidTopicName } from '../../../../src/common/topic/topic-name.ts';
import { topicNames } from '../../../../src/gateway/sys/sys-topic.ts';
import { brokerTopics, sysTopicTable } from '../../../../src/gateway/sys/sys-topic-table.ts';

/** What mosquitto 2.0.11 and 2.1.2 publish, with what the latter has in addition at the end. */
const MOSQUITTO = [
  'version',
  'uptime',
  'clients/total',
  'clients/maximum',
  'clients/connected',
  'clients/active',
  'clients/disconnected',
  'clients/inactive',
  'clients/expired',
  'messages/received',
  'messages/sent',
  'messages/stored',
  'store/messages/count',
  'store/messages/bytes',
  'subscriptions/count',
  'shared_subscriptions/count',
  'retained messages/count',
  'heap/current',
  'heap/maximum',
  'bytes/received',
  'bytes/sent',
  'publish/messages/dropped',
  'publish/messages/received',
  'publish/messages/sent',
  'publish/bytes/received',
  'publish/bytes/sent',
  ...[
    'messages/received',
    'messages/sent',
    'publish/dropped',
    'publish/received',
    'publish/sent',
    'bytes/received',
    'bytes/sent',
    'sockets',
    'connections',
  ].flatMap((load) => ['1min', '5min', '15min'].map((time) => `load/${load}/${time}`)),
  'packet/out/count',
  'packet/out/bytes',
  'connections/socket/count',
].map((name) => `$SYS/broker/${name}`);

describe('gateway: the table of $SYS topics', () => {
  it('has the topics of mosquitto, and no others among those that it calls so', () => {
    expect(brokerTopics.flatMap(topicNames)).to.have.members(MOSQUITTO);
  });

  it('has every name once, with a unit and a meaning', () => {
    const names = sysTopicTable.flatMap(topicNames);
    expect(new Set(names).size).to.equal(names.length);
    for (const name of names) {
      expect(isValidTopicName(name), name).to.equal(true);
      expect(name).to.match(/^\$SYS\/broker\//);
    }
    for (const { topic, unit, description } of sysTopicTable) {
      expect(unit, topic).to.not.equal('');
      expect(description, topic).to.match(/\.$/);
    }
  });
});
