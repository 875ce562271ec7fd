import type { Authenticator, Authorizer } from '../../auth/types.ts';
import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import { ConnectionHooks } from './connection-hooks.ts';
import { DeliverHooks } from './deliver-hooks.ts';
import type { GatewayHooks } from './gateway-hooks.ts';
import { HookClients } from './hook-client.ts';
import { HookFaults } from './hook-faults.ts';
import { HookedAuthenticator } from './hooked-authenticator.ts';
import { HookedAuthorizer } from './hooked-authorizer.ts';
import { hooksWith, nameHooks, type NamedHook } from './named-hook.ts';
import { PublishHooks } from './publish-hooks.ts';
import { SubscriptionHooks } from './subscription-hooks.ts';

/** What the hooks of a gateway need of it. */
export interface HookChainParts {
  readonly stats: GatewayStats;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Most that a payload, or properties in wire form, may have after a hook, bytes. */
  readonly maxPacketSize: number;
}

/** The hooks of a gateway, sorted by what they are asked. What nobody asks for is undefined. */
export class HookChain {
  readonly clients: HookClients = new HookClients();
  readonly faults: HookFaults;
  readonly connections: ConnectionHooks;
  readonly subscriptions: SubscriptionHooks;
  readonly publish: PublishHooks | undefined;
  readonly deliver: DeliverHooks | undefined;
  readonly #named: readonly NamedHook[];

  constructor(hooks: readonly GatewayHooks[], parts: HookChainParts) {
    const { stats, clock, logger, maxPacketSize } = parts;
    const named = nameHooks(hooks);
    this.#named = named;
    this.faults = new HookFaults(stats, clock, logger);
    this.connections = new ConnectionHooks(
      {
        connect: hooksWith(named, 'onConnect'),
        connected: hooksWith(named, 'onConnected'),
        disconnect: hooksWith(named, 'onDisconnect'),
      },
      this.faults,
    );
    this.subscriptions = new SubscriptionHooks(
      hooksWith(named, 'onSubscribe'),
      hooksWith(named, 'onUnsubscribe'),
      this.faults,
    );
    const publish = hooksWith(named, 'onPublish');
    this.publish = publish.length === 0 ? undefined : new PublishHooks(publish, this.faults);
    const deliver = hooksWith(named, 'onDeliver');
    this.deliver =
      deliver.length === 0
        ? undefined
        : new DeliverHooks(deliver, this.clients, this.faults, stats, maxPacketSize);
  }

  /** The authenticator with the hooks before it; itself when there are none. */
  authenticator(configured: Authenticator): Authenticator {
    const hooks = hooksWith(this.#named, 'onAuthenticate');
    return hooks.length === 0
      ? configured
      : new HookedAuthenticator(hooks, configured, this.faults);
  }

  /** The authorizer with the hooks before it; itself when there are none. */
  authorizer(configured: Authorizer | undefined): Authorizer | undefined {
    const hooks = hooksWith(this.#named, 'onAuthorize');
    return hooks.length === 0 ? configured : new HookedAuthorizer(hooks, configured, this.faults);
  }
}

/** The chain, or undefined when there are no hooks at all. */
export function hookChainOf(
  hooks: readonly GatewayHooks[] | undefined,
  parts: HookChainParts,
): HookChain | undefined {
  return hooks === undefined || hooks.length === 0 ? undefined : new HookChain(hooks, parts);
}
