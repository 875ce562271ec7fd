import type { Clock } from '../../common/clock.ts';
import type { NamesrvCluster } from './namesrv-cluster.ts';

/** One option, in the notation of commander. */
export interface AdminOption {
  readonly flags: string;
  readonly description: string;
  readonly isRequired?: boolean;
}

/** Values of the options that are given, by their long names; a flag's is the text `true`. */
export type AdminArguments = Partial<Readonly<Record<string, string>>>;

/** One command: returns what it prints. @throws NamesrvFailure (rejection) */
export interface AdminCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly AdminOption[];
  /** @param progress prints a line before the command has ended */
  run(
    namesrv: NamesrvCluster,
    args: AdminArguments,
    clock: Clock,
    progress: (line: string) => void,
  ): Promise<string>;
}
