import { expect } from 'chai';
import { Action, type Authorizer } from '../../../../src/auth/types.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { PublishPermissions } from '../../../../src/gateway/channel/publish-permissions.ts';
import { PublishRefusal } from '../../../../src/gateway/routing/publish-refusal.ts';
import type { TopicEntry } from '../../../../src/gateway/routing/topic-table.ts';
import { World } from '../gateway-world.ts';

const PRINCIPAL = { clientId: 'c', username: 'ann' };

describe('gateway: PublishPermissions', () => {
  let asked: string[];
  let permissions: PublishPermissions;
  let counted: number;
  const { topics } = new World().context;

  const entryOf = (name: string): TopicEntry => {
    const bytes = Buffer.from(name);
    return topics.lookUp(bytes, 0, bytes.length);
  };

  beforeEach(() => {
    asked = [];
    counted = 0;
    const authorizer: Authorizer = {
      authorize: (principal, action, topic) => {
        asked.push(`${principal.username ?? ''} ${action} ${topic}`);
        return topic !== 'secret';
      },
    };
    permissions = new PublishPermissions(authorizer, PRINCIPAL, () => counted++);
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

  it('keeps a limited number of topics', () => {
    const entries = Array.from({ length: 257 }, (_, n) => entryOf(`t${String(n)}`));
    for (const entry of entries) permissions.require(entry);
    permissions.require(entries[0] as TopicEntry);
    expect(asked).to.have.lengthOf(258);
    expect(counted).to.equal(258);
  });
});
