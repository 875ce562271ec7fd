import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { aedes } from '../../../benchmark/peers/aedes.ts';
import { commandPeer } from '../../../benchmark/peers/command.ts';
import { emqx } from '../../../benchmark/peers/emqx.ts';
import { flashmq } from '../../../benchmark/peers/flashmq.ts';
import { lmqtt } from '../../../benchmark/peers/lmqtt.ts';
import { mosquitto } from '../../../benchmark/peers/mosquitto.ts';
import { nanomq } from '../../../benchmark/peers/nanomq.ts';
import { rocketmqMqtt } from '../../../benchmark/peers/rocketmq-mqtt.ts';
import { findProgram } from '../../../benchmark/peers/program.ts';
import { selectScenarios } from '../../../benchmark/scenarios.ts';
import { reasonToSkip } from '../../../benchmark/skip.ts';
import type { Listeners, StartedPeer } from '../../../benchmark/peers/peer.ts';
import type { Scenario } from '../../../benchmark/scenarios.ts';

const PLAIN: Listeners = { port: 1001, tls: undefined, webSocketPort: undefined };
const ALL: Listeners = {
  port: 1001,
  tls: { port: 1002, certFile: '/c.pem', keyFile: '/k.pem' },
  webSocketPort: 1003,
};

function scenario(name: string): Scenario {
  const [found] = selectScenarios([name]);
  if (found === undefined) throw new Error(name);
  return found;
}

describe('benchmark peers', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lmqtt-peers-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const told = (peer: StartedPeer, listeners: Listeners): string => {
    const { command, env } = peer.prepare(listeners, dir);
    const file = command.find((word) => word.endsWith('.conf'));
    const settings = file === undefined ? '' : readFileSync(file, 'utf8');
    return [...command, ...Object.values(env), settings].join('\n');
  };

  for (const peer of [
    lmqtt('lmqtt', 'ASYNC_FLUSH', []),
    mosquitto,
    aedes,
    flashmq('/f'),
    nanomq('/n'),
    emqx('/e'),
  ]) {
    it(`tells ${peer.name} to listen where the scenario needs it`, () => {
      expect(told(peer, PLAIN))
        .to.include('1001')
        .and.not.match(/1002|1003|pem/);
      const whole = told(peer, ALL);
      for (const word of ['1001', '1002', '1003', '/c.pem', '/k.pem']) {
        expect(whole).to.include(word);
      }
    });
  }

  it('skips what a broker or the generator lacks', () => {
    const withTls = { hasTls: true };
    const custom = commandPeer('x', 'run {port}');
    expect(reasonToSkip(aedes, scenario('p5'), withTls)).to.include('MQTT 5');
    expect(reasonToSkip(aedes, scenario('b'), withTls)).to.equal(undefined);
    expect(reasonToSkip(custom, scenario('ws'), withTls)).to.include('WebSocket');
    expect(reasonToSkip(flashmq('/no/such'), scenario('b'), withTls)).to.include('not installed');
    expect(reasonToSkip(aedes, scenario('tls'), { hasTls: false })).to.include('OpenSSL');
  });

  it('takes Apache RocketMQ MQTT where it runs', () => {
    const pids = [process.pid, process.ppid];
    const peer = rocketmqMqtt(`1883,${pids.join(',')}`);
    expect(peer.running).to.deep.equal({ port: 1883, pids });
    expect(rocketmqMqtt('1883').running).to.deep.equal({ port: 1883, pids: [] });
    expect(reasonToSkip(peer, scenario('b'), { hasTls: true })).to.equal(undefined);
    expect(reasonToSkip(peer, scenario('s1'), { hasTls: true })).to.include('MQTT 5');
    const gone = rocketmqMqtt('1883,4194305');
    expect(reasonToSkip(gone, scenario('b'), { hasTls: true })).to.equal(
      'there is no process 4194305',
    );
  });

  for (const text of ['', 'localhost', '0', '65536', '1883,', '1883,x', '1883,-1', '18.5']) {
    it(`refuses '${text}' as the place where a broker runs`, () => {
      expect(() => rocketmqMqtt(text)).to.throw('--rocketmq-mqtt');
    });
  }

  it('finds programs by name and by path', () => {
    const file = join(dir, 'broker');
    writeFileSync(file, '', { mode: 0o600 });
    expect(findProgram(file), 'not executable').to.equal(undefined);
    expect(findProgram(dir), 'a folder').to.equal(undefined);
    expect(findProgram('sh')).to.match(/\/sh$/);
    expect(findProgram('no-such-program-here')).to.equal(undefined);
  });
});
