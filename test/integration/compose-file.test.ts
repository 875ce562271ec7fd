import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/cli/config/load-all.ts';
import { type ComposeMap, type ComposeValue, readComposeFile } from '../helpers/compose-file.ts';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DEPLOY = join(ROOT, 'deploy');
const FILE = join(DEPLOY, 'compose.yaml');
const DOCKERFILE = readFileSync(join(DEPLOY, 'Dockerfile'), 'utf8');
const HOME = '/srv/lmqtt';
const SETTINGS: Readonly<Record<string, string>> = { LMQTT_SECRET_KEY: 'secret' };

const mapOf = (value: ComposeValue | undefined): ComposeMap =>
  value === undefined ? new Map<string, ComposeValue>() : (value as ComposeMap);
const textsOf = (value: ComposeValue | undefined): readonly string[] =>
  value instanceof Map ? [...value.keys()] : ((value ?? []) as readonly string[]);

/** `${NAME:-default}` and `${NAME:?reason}`, as Compose replaces them. */
function interpolated(text: string): string {
  return text.replace(
    /\$\{(\w+)(:[-?])([^}]*)\}/g,
    (_all, name: string, kind: string, rest: string) =>
      SETTINGS[name] ?? (kind === ':-' ? rest : ''),
  );
}

describe('deploy/compose.yaml', function () {
  this.timeout(60_000);
  const compose = readComposeFile(readFileSync(FILE, 'utf8'));
  const services = mapOf(compose.get('services'));
  let directory: string;
  before(async () => {
    directory = await makeTempDir();
  });
  after(() => removeTempDir(directory));

  const service = (name: string): ComposeMap => mapOf(services.get(name));
  const commandOf = (name: string): string => textsOf(service(name).get('command')).join(' ');
  const environmentOf = (name: string): Record<string, string> =>
    Object.fromEntries(
      [...mapOf(service(name).get('environment'))].map(([key, value]) => [
        key,
        interpolated(value as string),
      ]),
    );
  /** Throws for a variable that is no key, and for a value that the key does not take. */
  const configOf = (name: string): Config => loadConfig(directory, environmentOf(name));
  const inRole = (role: string): string[] =>
    [...services.keys()].filter((name) => commandOf(name).includes(`/${role}-main.js`));
  const seconds = (name: string): number =>
    Number(/^(\d+)s$/.exec(service(name).get('stop_grace_period') as string)?.[1]);

  it('has three gateways, two stores and two name servers, whose programs exist', () => {
    expect(inRole('gateway')).to.deep.equal(['g1', 'g2', 'g3']);
    expect(inRole('lmq')).to.deep.equal(['store1', 'store2']);
    expect(inRole('namesrv')).to.deep.equal(['ns1', 'ns2']);
    for (const name of services.keys()) {
      expect(service(name).get('image'), name).to.equal('lmqtt');
      const programs = [...commandOf(name).matchAll(/dist\/(\S+)\.js/g)].map(([, path]) => path!);
      expect(programs.length, name).to.be.above(0);
      for (const path of programs)
        expect(existsSync(join(ROOT, 'src', `${path}.ts`)), path).to.equal(true);
      for (const [path] of commandOf(name).matchAll(/\bbin\/\S+/g)) {
        expect(existsSync(join(ROOT, path)), path).to.equal(true);
      }
    }
  });

  it('sets variables that exist, to what they take', () => {
    const nodes = [...services.keys()].filter((name) => name !== 'founder');
    for (const name of nodes) {
      expect(Object.keys(environmentOf(name)).length, name).to.be.above(3);
      expect(() => configOf(name), name).not.to.throw();
    }
    expect(() => loadConfig(directory, { LMQTT_LMQ_NO_KEY: '1' })).to.throw('LMQTT_LMQ_NO_KEY');
    expect(Object.keys(environmentOf('founder'))).to.deep.equal(['NAMESRV_ADDR']);
  });

  it('has addresses and ports at which somebody listens', () => {
    const { namesrv, connect, cluster } = configOf('g1');
    const expected = inRole('namesrv').map((name) => `${name}:${String(namesrv.rpcPort)}`);
    expect(cluster.namesrvAddr.split(';')).to.deep.equal(expected);
    for (const name of inRole('namesrv'))
      expect(configOf(name).namesrv.rpcHost).to.equal('0.0.0.0');
    const founder = `${namesrv.listenHost}:${String(namesrv.listenPort)}`;
    expect(environmentOf('founder')['NAMESRV_ADDR']).to.equal(founder);
    expect(service('founder').get('network_mode')).to.equal('service:ns1');
    for (const name of inRole('lmq')) {
      const { lmq } = configOf(name);
      expect([lmq.listenHost, lmq.brokerIP1]).to.deep.equal(['0.0.0.0', name]);
    }
    for (const name of inRole('gateway')) {
      expect(configOf(name).connect.mqttHost).to.equal('0.0.0.0');
      const [published = ''] = textsOf(service(name).get('ports'));
      expect(published).to.match(/^127\.0\.0\.1:188\d:/);
      expect(published.endsWith(`:${String(connect.mqttPort)}`), published).to.equal(true);
    }
  });

  it('founds the table of all stores before a gateway starts', () => {
    const names = inRole('lmq').map((name) => configOf(name).lmq.brokerName);
    expect(commandOf('founder')).to.include(`foundStores -b ${names.join(',')} `);
    expect([
      ...mapOf(mapOf(service('g1').get('depends_on')).get('founder')).values(),
    ]).to.deep.equal(['service_completed_successfully']);
    expect(textsOf(service('founder').get('depends_on'))).to.have.members([
      ...inRole('namesrv'),
      ...inRole('lmq'),
    ]);
  });

  it('gives time to stop, and keeps what is to be kept', () => {
    for (const name of inRole('gateway')) {
      const { drainTimeMs, stopTimeoutMs } = configOf(name).connect;
      expect(drainTimeMs).to.be.below(stopTimeoutMs);
      expect(seconds(name) * 1000).to.be.above(stopTimeoutMs);
    }
    for (const name of inRole('lmq')) {
      expect(seconds(name) * 1000).to.be.above(configOf(name).lmq.stopTimeoutMs);
    }
    const keeping = [...inRole('namesrv'), ...inRole('lmq')];
    for (const name of keeping) {
      expect(textsOf(service(name).get('volumes'))).to.deep.equal([`${name}:${HOME}/data`]);
    }
    expect(textsOf(compose.get('volumes'))).to.have.members(keeping);
    for (const name of services.keys()) {
      const [secret = ''] = textsOf(service(name).get('secrets'));
      expect(mapOf(compose.get('secrets')).has(secret), name).to.equal(true);
      const told = environmentOf(name)['LMQTT_CLUSTER_TOKEN_FILE'] ?? commandOf(name);
      expect(told, name).to.include(`/run/secrets/${secret}`);
    }
  });

  it('is taken by Compose', function () {
    const env = { ...process.env, ...SETTINGS };
    const args = ['-f', FILE, 'config', '--quiet'];
    const tools = [['docker', 'compose'], ['docker-compose']] as const;
    const tool = tools.find(
      ([program, ...first]) => spawnSync(program, [...first, 'version']).status === 0,
    );
    if (tool === undefined) {
      console.log('      skipped: there is no Compose');
      this.skip();
    }
    const [program, ...first] = tool;
    const { status, stderr } = spawnSync(program, [...first, ...args], { env });
    expect(status, stderr.toString()).to.equal(0);
  });
});

describe('deploy/Dockerfile', () => {
  it('copies what exists, what Docker may read, and nothing that was built here', () => {
    const sources = [...DOCKERFILE.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
      paths!.split(' '),
    );
    expect(sources).to.include.members(['src', 'bin', 'proto', 'package-lock.json']);
    const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    const readable = ignore.flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    expect(ignore).to.include('*');
    expect(new Set(readable)).to.deep.equal(new Set(sources));
    for (const path of sources) expect(existsSync(join(ROOT, path)), path).to.equal(true);
  });

  it('has the home and the Node.js that the rest counts on', () => {
    expect(DOCKERFILE).to.match(new RegExp(`^ENV LMQTT_HOME=${HOME}$`, 'm'));
    expect(DOCKERFILE).to.include(`mkdir -p ${HOME}/data && chown -R node:node ${HOME}`);
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    const major = /^>=(\d+)/.exec(engines.node)?.[1];
    const images = [...DOCKERFILE.matchAll(/^FROM node:(\d+)-/gm)].map(([, version]) => version);
    expect(images).to.deep.equal([major, major]);
    const [, program = ''] = /dist\/(\S+)\.js/.exec(DOCKERFILE) ?? [];
    expect(existsSync(join(ROOT, 'src', `${program}.ts`)), program).to.equal(true);
  });
});
