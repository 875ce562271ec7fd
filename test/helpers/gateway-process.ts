import type { Broker, FullBrokerOptions } from './broker.ts';
import { ServerProcess } from './server-process.ts';

/** The real program, as `bin/mqtt.sh run` starts it. */
export abstract class GatewayProcess implements Broker {
  abstract readonly host: string;
  abstract readonly port: number;
  abstract readonly dataDir: string;
  abstract readonly options: FullBrokerOptions;
  abstract readonly alive: boolean;
  abstract readonly rssBytes: number;
  abstract readonly output: string;
  abstract crash(): Promise<void>;
  abstract stop(): Promise<void>;
  abstract restart(): Promise<void>;
  static create(_options: FullBrokerOptions): Promise<GatewayProcess> {
    throw new Error(`later ${ServerProcess.name}`);
  }
}
