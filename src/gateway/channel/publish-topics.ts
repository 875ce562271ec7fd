import { laneBit } from '../../lmq/spi/lane.ts';
import type { RefusedClient } from '../refusal-log.ts';
import type { TopicEntry, TopicTable } from '../routing/topic-table.ts';
import type { ChannelContext } from './channel-context.ts';
import { isNamed } from './is-named.ts';
import { PublishPermissions } from './publish-permissions.ts';
import { RecentTopics } from './recent-topics.ts';
import { type AliasedName, TopicAliases } from './topic-aliases.ts';

/**
 * The topics that one connection publishes to. Most publish to one, or to a few in turn: the table is asked, and
 * the authorizer, when it is neither the last one nor the one that is expected next nor behind an alias.
 */
export class PublishTopics {
  readonly #table: TopicTable;
  readonly #aliasMaximum: number;
  /** Undefined when everybody may publish everywhere. */
  readonly #permissions: PublishPermissions | undefined;
  #last: TopicEntry | undefined;
  /** Of the table, when `#last` was found. */
  #generation = 0;
  #aliases: TopicAliases | undefined;
  #recent: RecentTopics | undefined;
  /** Stores of the topics before the last one, as bits. */
  #lanes = 0;

  /** @param onAsked told before the authorizer is asked, which may be much work */
  constructor(
    { topics, limits, authorizer, refusals }: ChannelContext,
    client: RefusedClient,
    onAsked: () => void,
  ) {
    this.#table = topics;
    this.#aliasMaximum = limits.topicAliasMaximum;
    if (authorizer !== undefined) {
      this.#permissions = new PublishPermissions(authorizer, refusals, client, onAsked);
    }
  }

  /** Takes the stores of the topics since this was asked last, as bits. */
  takeLanes(): number {
    const lanes = this.#lanes | (this.#last === undefined ? 0 : laneBit(this.#last.topic.lane));
    this.#lanes = 0;
    return lanes;
  }

  /**
   * The topic whose name is `source[start, end)`.
   * @throws MqttProtocolError for a name that is none
   * @throws PublishRefusal when the client may not publish to it
   */
  named(source: Buffer, start: number, end: number): TopicEntry {
    const table = this.#table;
    const last = this.#last;
    if (
      last !== undefined &&
      this.#generation === table.generation &&
      isNamed(last, source, start, end)
    ) {
      table.refresh(last);
      return last;
    }
    const expected = this.#recent?.expected(table.generation, source, start, end);
    if (expected !== undefined) return this.#goOnWith(expected);
    const entry = table.lookUp(source, start, end);
    this.#permissions?.require(entry);
    if (last !== undefined) {
      this.#recent ??= new RecentTopics();
      this.#recent.add(table.generation, entry);
    }
    this.#turnTo(entry);
    return entry;
  }

  /**
   * The topic behind an alias, which is set when the name is not empty. Throws as `named` does, and
   * @throws MqttProtocolError TOPIC_ALIAS_INVALID or PROTOCOL_ERROR, as `TopicAliases` does
   */
  aliased(alias: number, source: Buffer, start: number, end: number): TopicEntry {
    this.#aliases ??= new TopicAliases(this.#aliasMaximum);
    if (end === start) return this.#behind(this.#aliases.get(alias));
    this.#aliases.set(alias, source.subarray(start, end));
    return this.named(source, start, end);
  }

  #behind(aliased: AliasedName): TopicEntry {
    const { generation } = this.#table;
    if (aliased.entry !== undefined && aliased.generation === generation) {
      return this.#goOnWith(aliased.entry);
    }
    const { name } = aliased;
    aliased.entry = this.named(name, 0, name.length);
    aliased.generation = this.#table.generation;
    return aliased.entry;
  }

  /** A topic that the connection may publish to, since it has done so in this generation of the table. */
  #goOnWith(entry: TopicEntry): TopicEntry {
    if (entry !== this.#last || this.#generation !== this.#table.generation) this.#turnTo(entry);
    this.#table.refresh(entry);
    return entry;
  }

  /** The topic from now on. */
  #turnTo(entry: TopicEntry): void {
    if (this.#last !== undefined) this.#lanes |= laneBit(this.#last.topic.lane);
    this.#last = entry;
    this.#generation = this.#table.generation;
  }
}
