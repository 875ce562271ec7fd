import { expect } from 'chai';
import { Action, type Authorizer } from '../../../../src/auth/types.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { PublishPermissions } from '../../../../src/gateway/channel/publish-permissions.ts';
import { PublishRefusal } from '../../../../src/gateway/routing/publish-refusal.ts';
import type { TopicEntry } from '../../../../src/gateway/routing/topic-table.ts';
import { World } from '../gateway-world.ts';

const PRINCIPAL = { clientId: 'c', username: 'ann' };

describe('gateway: PublishPermissions', () => {
  let asked: string[];
  let permissions: PublishPermissions;
  let told: unknown[];
  const info = (fields: object): void => {
    told.push('topic' in fields ? fields.topic : fields);
  };
  const { topics, refusals } = new World({ logger: { ...silentLogger, info } }).context;
  let counted: number;

  const entryOf = (name: string): TopicEntry => {
    const bytes = Buffer.from(name);
    return topics.lookUp(bytes, 0, bytes.length);
  };

  beforeEach(() => {
    asked = [];
    told = [];
    counted = 0;
    const authorizer: Authorizer = {
      authorize: (principal, action, topic) => {
        asked.push(`${principal.username ?? ''} ${action} ${topic}`);
        return !topic.startsWith('secret');
      },
    };
    const client = { principal: PRINCIPAL, remoteAddress: '10.0.0.1' };
    permissions = new PublishPermissions(authorizer, refusals, client, () => counted++);
  });

  it('asks once for a topic that is allowed', () => {
    const entry = entryOf('t');
    permissions.require(entry);
    permissions.require(entry);
    expect(asked).to.deep.equal([`ann ${Action.PUBLISH} t`]);
    expect(counted).to.equal(1);
  });

  it('refuses what is not allowed, each time', () => {
    const entry = entryOf('secret');
    for (let time = 0; time < 2; time++) {
      expect(() => {
        permissions.require(entry);
      })
        .to.throw(PublishRefusal)
        .with.property('reasonCode', ReasonCode.NOT_AUTHORIZED);
    }
    expect(asked).to.have.lengthOf(2);
  });

  it('tells a refusal once, and again when another topic was between', () => {
    const [secret, other] = [entryOf('secret'), entryOf('secret/other')];
    for (const entry of [secret, secret, secret, other, secret]) {
      expect(() => {
        permissions.require(entry);
      }).to.throw(PublishRefusal);
    }
    expect(told).to.deep.equal(['secret', 'secret/other', 'secret']);
  });

  it('keeps a limited number of topics', () => {
    const entries = Array.from({ length: 257 }, (_, n) => entryOf(`t${String(n)}`));
    for (const entry of entries) permissions.require(entry);
    permissions.require(entries[0] as TopicEntry);
    expect(asked).to.have.lengthOf(258);
    expect(counted).to.equal(258);
  });
});
