import type { Subscription } from '../codec/subscribe-packet.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { HookClient } from './hook-client.ts';
import type { HookFaults } from './hook-faults.ts';
import type { HooksWith } from './named-hook.ts';
import { isQos } from './publish-message.ts';
import { failureCode, Refusal, SUBSCRIBE_FAILURES } from './verdict.ts';

/** What hooks make of one filter of a SUBSCRIBE. */
export type SubscribeVerdict = { readonly granted: 0 | 1 | 2 } | { readonly refusal: ReasonCode };

/** Asks the hooks about subscriptions, in order. */
export class SubscriptionHooks {
  readonly #subscribe: readonly HooksWith<'onSubscribe'>[];
  readonly #unsubscribe: readonly HooksWith<'onUnsubscribe'>[];
  readonly #faults: HookFaults;

  constructor(
    subscribe: readonly HooksWith<'onSubscribe'>[],
    unsubscribe: readonly HooksWith<'onUnsubscribe'>[],
    faults: HookFaults,
  ) {
    this.#subscribe = subscribe;
    this.#unsubscribe = unsubscribe;
    this.#faults = faults;
  }

  /** Never rejects: a hook that fails has refused. */
  async ask(
    requested: Subscription,
    subscriptionId: number,
    client: HookClient,
  ): Promise<SubscribeVerdict> {
    let qos = requested.qos;
    for (const { name, hooks } of this.#subscribe) {
      let verdict: unknown;
      try {
        verdict = await hooks.onSubscribe({ ...requested, qos, subscriptionId }, client);
      } catch (error) {
        this.#faults.report(name, 'onSubscribe', error);
        return { refusal: ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR };
      }
      if (verdict === undefined) continue;
      if (verdict instanceof Refusal) return { refusal: failureCode(verdict, SUBSCRIBE_FAILURES) };
      if (!isQos(verdict)) {
        this.#faults.reportVerdict(name, 'onSubscribe', verdict);
        return { refusal: ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR };
      }
      if (verdict < qos) qos = verdict;
    }
    return { granted: qos };
  }

  /** Tells all of them. */
  unsubscribed(filter: string, client: HookClient): void {
    for (const { name, hooks } of this.#unsubscribe) {
      this.#faults.guard(name, 'onUnsubscribe', () => hooks.onUnsubscribe(filter, client));
    }
  }
}
