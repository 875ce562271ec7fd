import { didYouMean } from '../common/config/suggestion.ts';
import { ConfigError } from '../common/errors.ts';
import { CLIENT_EVENTS, type ClientEvent } from '../gateway/events/client-event.ts';
import type { ConnectConf } from './config/connect-conf.ts';

const ALL = 'all';
const OFF = 'off';

/**
 * The events that `clientEvents` of `connect.conf` names.
 * @throws ConfigError for a name that is none
 */
export function clientEventsFrom({
  clientEvents,
}: Pick<ConnectConf, 'clientEvents'>): readonly ClientEvent[] {
  const names = clientEvents.split(',').map((name) => name.trim());
  if (names.length === 1 && names[0] === OFF) return [];
  if (names.length === 1 && names[0] === ALL) return CLIENT_EVENTS;
  return [...new Set(names.map(eventOf))];
}

function eventOf(name: string): ClientEvent {
  const event = CLIENT_EVENTS.find((known) => known === name);
  if (event !== undefined) return event;
  throw new ConfigError(
    `connect.conf: clientEvents: unknown event '${name}'${didYouMean(name, CLIENT_EVENTS)}`,
  );
}
