import protobuf from 'protobufjs';

const SCALARS = new Map([
  ['string', 'string'],
  ['bytes', 'Buffer'],
  ['bool', 'boolean'],
]);

/** The TypeScript of one `.proto` file: an interface for each message, the methods of each service. */
export function renderMessageTypes(file: string, name: string): string {
  const root = new protobuf.Root().loadSync(file, { keepCase: false });
  root.resolveAll();
  const parts = [`/** Messages of ${name}, where they are explained. Generated: npm run proto. */`];
  for (const item of flatten(root)) {
    if (item instanceof protobuf.Enum) parts.push(renderEnum(item));
    if (item instanceof protobuf.Type) parts.push(renderMessage(item));
    if (item instanceof protobuf.Service) parts.push(renderService(item));
  }
  return `${parts.join('\n\n')}\n`;
}

function flatten(namespace: protobuf.NamespaceBase): protobuf.ReflectionObject[] {
  return namespace.nestedArray.flatMap((item) => [
    item,
    ...(item instanceof protobuf.Namespace ? flatten(item) : []),
  ]);
}

function renderEnum({ name, values }: protobuf.Enum): string {
  const lines = Object.entries(values).map(([key, value]) => `  ${key}: ${String(value)},`);
  return [
    `export const ${name} = {`,
    ...lines,
    '} as const;',
    `export type ${name} = (typeof ${name})[keyof typeof ${name}];`,
  ].join('\n');
}

function renderMessage(message: protobuf.Type): string {
  const oneofs = message.oneofsArray.filter((oneof) => !isOptional(oneof));
  const lines = [
    ...message.fieldsArray.map((field) => `  readonly ${renderField(field)};`),
    ...oneofs.map((oneof) => {
      const names = oneof.fieldsArray.map((field) => `'${field.name}'`).join(' | ');
      return `  readonly ${oneof.name}?: ${names} | undefined;`;
    }),
  ];
  if (lines.length === 0) return `export type ${message.name} = Readonly<Record<string, never>>;`;
  return [`export interface ${message.name} {`, ...lines, '}'].join('\n');
}

function renderField(field: protobuf.Field): string {
  const type = typeOf(field);
  if (field instanceof protobuf.MapField) {
    return `${field.name}: Readonly<Record<string, ${type}>>`;
  }
  if (field.repeated) return `${field.name}: readonly ${type}[]`;
  if (field.partOf !== null) return `${field.name}?: ${type} | undefined`;
  if (field.resolvedType instanceof protobuf.Type)
    return `${field.name}?: ${type} | null | undefined`;
  return `${field.name}: ${type}`;
}

function typeOf(field: protobuf.Field): string {
  return field.resolvedType?.name ?? SCALARS.get(field.type) ?? 'number';
}

/** A field that is `optional` is the only one of a oneof made for it. */
function isOptional(oneof: protobuf.OneOf): boolean {
  return oneof.fieldsArray.some((field) => field.options?.['proto3_optional'] === true);
}

function renderService(service: protobuf.Service): string {
  const lines = service.methodsArray.map((method) => {
    const kind = `'${kindOf(method)}'`;
    const request = method.resolvedRequestType?.name ?? '';
    const response = method.resolvedResponseType?.name ?? '';
    const name = method.name.charAt(0).toLowerCase() + method.name.slice(1);
    return `  readonly ${name}: { readonly kind: ${kind}; readonly request: ${request}; readonly response: ${response} };`;
  });
  return [`export interface ${service.name}Methods {`, ...lines, '}'].join('\n');
}

function kindOf({ requestStream, responseStream }: protobuf.Method): string {
  if (requestStream === true) return responseStream === true ? 'bidiStream' : 'clientStream';
  return responseStream === true ? 'serverStream' : 'unary';
}
