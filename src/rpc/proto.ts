/**
 * Services from the `.proto` files of the package, with types.
 *
 * How to add a service or a message: edit `proto/lmqtt/<part>/v1/<part>.proto`, run `npm run proto`
 * (`node --import=ts-blank-space/register scripts/proto-types.ts`), and use the interfaces that it writes
 * to `src/rpc/messages/<part>-v1.ts`; `--check` fails when those are not current.
 *
 *     import type { StoreMethods } from '../../rpc/messages/store-v1.ts';
 *     const STORE = loadService<StoreMethods>('lmqtt.store.v1.Store');
 *     server.addService(STORE, { append: unary(async (request) => …) });      // rpc-server.ts
 *     await client.unary(STORE.append, request, { timeoutMs });               // rpc-client.ts
 *
 * What is decoded holds every field: unset scalars are 0, '', false or an empty Buffer, repeated fields
 * arrays, an
 * unset message null (when sending it may be left out). Fields that are `optional` or in a `oneof` are left
 * out when unset; a oneof has a virtual property that names the field that is set (decoded only). 64-bit integers are numbers: keep them below 2^53.
 * Bytes are Buffers that share the memory of the message that they came in.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';
import type { MethodDefinition } from '@grpc/proto-loader';

/** Of the four kinds of gRPC calls. */
export type MethodKind = 'unary' | 'clientStream' | 'serverStream' | 'bidiStream';

/** Methods of a service by name, as the generated files state them. */
export type MethodTypes<Methods> = {
  readonly [Name in keyof Methods]: {
    readonly kind: MethodKind;
    readonly request: object;
    readonly response: object;
  };
};

/** One method: its path on the wire and how its messages are written and read. */
export interface RpcMethod<Kind extends MethodKind, Request, Response> {
  readonly kind: Kind;
  /** `/package.Service/Method` */
  readonly path: string;
  readonly requestSerialize: (message: Request) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (message: Response) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

export type RpcService<Methods extends MethodTypes<Methods>> = {
  readonly [Name in keyof Methods]: RpcMethod<
    Methods[Name]['kind'],
    Methods[Name]['request'],
    Methods[Name]['response']
  >;
};

const LOAD_OPTIONS = {
  keepCase: false,
  longs: Number,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
} as const;

/**
 * Loads a service.
 * @param name with its package, such as `lmqtt.namesrv.v1.Namesrv`; its file is
 *   `proto/lmqtt/namesrv/v1/namesrv.proto`
 * @throws Error when the package has no such file or the file no such service
 */
export function loadService<Methods extends MethodTypes<Methods>>(
  name: string,
): RpcService<Methods> {
  const parts = name.split('.').slice(0, -1);
  const file = join(protoDirectory(), ...parts, `${parts.at(-2) ?? ''}.proto`);
  const definition = loadSync(file, LOAD_OPTIONS)[name];
  if (definition === undefined || isMessageOrEnum(definition)) {
    throw new Error(`${file} defines no service ${name}`);
  }
  const methods = Object.values(definition).map((method) => [
    method.originalName ?? '',
    methodOf(method),
  ]);
  // The generated interfaces say what the serializers take and give; a check keeps them current.
  return Object.fromEntries(methods) as RpcService<Methods>;
}

function methodOf(method: MethodDefinition<object, object>): RpcMethod<MethodKind, object, object> {
  return {
    kind: kindOf(method.requestStream, method.responseStream),
    path: method.path,
    requestSerialize: method.requestSerialize,
    requestDeserialize: method.requestDeserialize,
    responseSerialize: method.responseSerialize,
    responseDeserialize: method.responseDeserialize,
  };
}

export function kindOf(requestStream: boolean, responseStream: boolean): MethodKind {
  if (requestStream) return responseStream ? 'bidiStream' : 'clientStream';
  return responseStream ? 'serverStream' : 'unary';
}

function isMessageOrEnum(definition: object): definition is { readonly format: string } {
  return 'format' in definition && typeof definition.format === 'string';
}

/** The `proto` folder of the package: two levels up both from `src/rpc` and from `dist/rpc`. */
function protoDirectory(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'proto', 'lmqtt'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error('the proto folder of the package is missing');
    directory = parent;
  }
  return join(directory, 'proto');
}
