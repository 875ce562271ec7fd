import type { GatewayHooks } from './gateway-hooks.ts';

/** A hook with the name that it has in the log. */
export interface NamedHook<Hooks = GatewayHooks> {
  readonly name: string;
  readonly hooks: Hooks;
}

/** The hooks that have a method, in their order. */
export type HooksWith<Method extends keyof GatewayHooks> = NamedHook<
  Required<Pick<GatewayHooks, Method>>
>;

export function nameHooks(hooks: readonly GatewayHooks[]): readonly NamedHook[] {
  return hooks.map((each, index) => ({
    name: each.name ?? `hook ${String(index + 1)}`,
    hooks: each,
  }));
}

/** Those of the hooks that have the method. */
export function hooksWith<Method extends keyof GatewayHooks>(
  named: readonly NamedHook[],
  method: Method,
): readonly HooksWith<Method>[] {
  return named.filter(
    (each): each is NamedHook & HooksWith<Method> => each.hooks[method] !== undefined,
  );
}
