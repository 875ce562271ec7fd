import type { LaneRules } from './rules.ts';

/** Id of one life of a gateway: new for each process and after each fencing. 0 = nobody. */
export type Life = number;
/** Ownerships of the session are numbered in the order in which its home grants them; 0 = none. */
export type Epoch = number;

/** A gateway, as far as one client's session goes. */
export interface LaneGateway {
  /** 0 = the process is down. */
  life: Life;
  /** It and the session's home do not hear each other, or it is paused. */
  isSilent: boolean;
  /** `open`: its client is connected here; `closing`: what the session leaves in the other store is being saved. */
  stage: 'none' | 'asked' | 'reading' | 'open' | 'closing';
  epoch: Epoch;
}

/** The store that has the session's claim. */
export interface Home {
  lives: Life[];
  owner: Life;
  epoch: Epoch;
  waiters: Life[];
}

/** Another store, with a queue of the session and its progress there. */
export interface Beside {
  lives: Life[];
  /** With claims beside: who has the session's claim here. */
  owner: Life;
  /** The newest owner that has read the session here. */
  readBy: Epoch;
}

/** Progress of the session on its way to the other store, in the order of each life. */
export interface Save {
  readonly life: Life;
  readonly epoch: Epoch;
  readonly releases: boolean;
}

/** How many events of each kind a schedule may still have. */
export interface LaneBudget {
  connects: number;
  deliveries: number;
  crashes: number;
  /** Pauses and cuts that may be longer than the lease. */
  silences: number;
}

export interface LaneWorld {
  readonly rules: LaneRules;
  gateways: LaneGateway[];
  home: Home;
  beside: Beside;
  underWay: Save[];
  budget: LaneBudget;
  lastLife: Life;
}
