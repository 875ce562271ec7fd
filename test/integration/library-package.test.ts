import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BUILD_TIMEOUT_MS = 240_000;

/** Every part of the public interface once, as a program that uses the package would. */
const CONSUMER = `
import {
  Action, AuthDecision, createGateway, createMemoryStore, DROP, HmacAuthenticator, LmqttError, ReasonCode, refuse,
  type Authorizer, type GatewayConfig, type GatewayHooks, type HookClient, type LibraryGateway, type LmqStore,
  type PublishMessage,
} from 'lmqtt';

class Rules implements GatewayHooks {
  readonly name = 'rules';
  readonly clients = new WeakMap<HookClient, number>();
  onPublish(message: PublishMessage, client: HookClient) {
    this.clients.set(client, (this.clients.get(client) ?? 0) + 1);
    const text: string = message.payload.toString();
    if (text === 'refuse') return refuse(ReasonCode.QUOTA_EXCEEDED, 'enough');
    if (text === 'drop') return DROP;
    message.properties = { ...message.properties, userProperties: [{ name: 'a', value: 'b' }] };
    return undefined;
  }
  onDisconnect(): void { /* nothing to do */ }
}
const plain: GatewayHooks = {
  async onConnect(client) { await Promise.resolve(); if (client.clientId === 'x') return refuse(); },
  onAuthenticate: ({ username }) => (username === 'u' ? AuthDecision.ALLOW : undefined),
  onAuthorize: (_principal, action) => (action === Action.SUBSCRIBE ? true : undefined),
  onSubscribe: ({ qos }) => (qos === 2 ? 1 : undefined),
  onDeliver(message) { message.payload = Buffer.concat([message.payload, Buffer.from('!')]); },
};
// @ts-expect-error publish hooks are synchronous
const wrong: GatewayHooks = { async onPublish() { await Promise.resolve(); } };
const authorizer: Authorizer = { authorize: () => true };
const store: LmqStore = createMemoryStore();
const config: GatewayConfig = {
  store, listeners: [{ port: 0 }], hooks: [new Rules(), plain], authorizer,
  authenticator: new HmacAuthenticator('name', 'secret'),
};
const gateway: LibraryGateway = createGateway(config);
try {
  await gateway.start();
  await gateway.publish({ topic: 't', payload: 'x', qos: 1 });
  const [address] = gateway.addresses();
  console.log(typeof address?.port, gateway.stats.hookErrors, wrong !== undefined);
} catch (error) {
  console.log(error instanceof LmqttError ? error.code : error);
  process.exitCode = 1;
} finally {
  await gateway.stop();
}
`;

/** What npm would have downloaded is linked; nothing is fetched. */
describe('library: the package', function () {
  this.timeout(BUILD_TIMEOUT_MS);
  let directory: string;

  before(async () => {
    directory = await makeTempDir();
    run('sh', [join(ROOT, 'bin/build.sh')], ROOT);
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory], ROOT);
    const [archive = ''] = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
    const installed = join(directory, 'node_modules/lmqtt');
    mkdirSync(join(directory, 'node_modules/@types'), { recursive: true });
    mkdirSync(installed);
    run('tar', ['-xzf', archive, '--strip-components=1', '-C', installed], directory);
    symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
    symlinkSync(
      join(ROOT, 'node_modules/@types/node'),
      join(directory, 'node_modules/@types/node'),
    );
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(directory, 'consumer.ts'), CONSUMER);
  });
  after(() => removeTempDir(directory));

  it('type-checks strictly against its declarations, and runs', () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const options = ['--strict', '--exactOptionalPropertyTypes', '--target', 'es2023'];
    const module = ['--module', 'nodenext', '--types', 'node'];
    run('node', [tsc, ...options, ...module, 'consumer.ts'], directory);
    const { stdout } = run('node', ['consumer.js'], directory);
    expect(stdout).to.equal('number 0 true\n');
  });

  it('exports what it documents, and nothing else can be imported', () => {
    const script = `
      const names = Object.keys(await import('lmqtt'));
      await import('lmqtt/signature');
      const inner = await import('lmqtt/dist/gateway/gateway.js').catch((error) => error.code);
      console.log(names.includes('createGateway'), inner);`;
    const { stdout } = run('node', ['--input-type=module', '-e', script], directory);
    expect(stdout).to.equal('true ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });

  it('is found under its own name inside the repository, as the example does', () => {
    const script = "console.log(typeof (await import('lmqtt')).createGateway)";
    const { stdout } = run('node', ['--input-type=module', '-e', script], ROOT);
    expect(stdout).to.equal('function\n');
  });
});

function run(command: string, args: readonly string[], cwd: string): { readonly stdout: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return { stdout };
}
