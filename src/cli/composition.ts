import type { Clock } from '../common/clock.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';
import type { Config } from './config/load-all.ts';
import type { Directories } from './directories.ts';
import type { Where } from './ready-file.ts';

/** What everything in a process is made from. */
export interface Composition {
  readonly config: Config;
  readonly directories: Pick<Directories, 'conf' | 'data'>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Tells who has started the process what it is waiting for. */
  readonly tell?: (text: string) => void;
}

/** What a process is: its services, and where they are. */
export interface Role extends Service {
  /** Known once started. */
  where(): Where;
  /** Calls when `where` has changed. */
  onMoved?(listener: () => void): void;
  /** Calls when it can do nothing useful any more: the process is to end, and to be started again (ADR 531). */
  readonly onFailed?: (listener: (error: Error) => void) => void;
}

/** Logger and clock of one part. */
export function partOf(
  { logger, clock }: Pick<Composition, 'logger' | 'clock'>,
  part: string,
): Pick<Composition, 'logger' | 'clock'> {
  return { logger: logger.child({ part }), clock };
}
