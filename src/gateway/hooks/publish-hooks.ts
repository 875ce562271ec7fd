import type { HookClient } from './hook-client.ts';
import type { HookFaults } from './hook-faults.ts';
import type { HooksWith } from './named-hook.ts';
import type { HookedPublish } from './publish-message.ts';
import { DROP, HOOK_FAILED, Refusal } from './verdict.ts';

/** Asks the publish hooks, in order. */
export class PublishHooks {
  readonly #hooks: readonly HooksWith<'onPublish'>[];
  readonly #faults: HookFaults;

  constructor(hooks: readonly HooksWith<'onPublish'>[], faults: HookFaults) {
    this.#hooks = hooks;
    this.#faults = faults;
  }

  /** The first verdict; undefined when the message, which may have changed, goes on. Never throws. */
  ask(message: HookedPublish, client: HookClient): typeof DROP | Refusal | undefined {
    for (const { name, hooks } of this.#hooks) {
      let verdict: unknown;
      try {
        verdict = hooks.onPublish(message, client);
      } catch (error) {
        this.#faults.report(name, 'onPublish', error);
        return HOOK_FAILED;
      }
      if (verdict === undefined) continue;
      if (verdict === DROP || verdict instanceof Refusal) return verdict;
      this.#faults.reportVerdict(name, 'onPublish', verdict);
      return HOOK_FAILED;
    }
    return undefined;
  }
}
