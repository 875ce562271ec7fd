import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { flag, integer, text } from '../../common/config/key-schema.ts';
import { CLIENT_EVENTS, DEFAULT_CLIENT_EVENTS } from '../../gateway/events/client-event.ts';

/** Keys of the topics that the server itself publishes to. */
export interface ServerTopicConf {
  sysTopicsInterval: number;
  clientEvents: string;
  clientEventsOnDemand: boolean;
}

export const serverTopicKeys: ConfSpec<ServerTopicConf>['keys'] = {
  sysTopicsInterval: integer({
    default: 10,
    minimum: 0,
    maximum: 86_400,
    unit: 'seconds',
    description:
      'How often the $SYS topics (docs/sys-topics.md) are brought up to date; 0 = there are none.\nmosquitto calls it sys_interval.',
  }),
  clientEvents: text({
    default: DEFAULT_CLIENT_EVENTS.join(','),
    minLength: 1,
    description: `Client events (docs/client-events.md) that are published under $events/, separated by commas; all, or off.\nThere are ${CLIENT_EVENTS.join(', ')}.`,
  }),
  clientEventsOnDemand: flag({
    default: true,
    description:
      'Publish a client event only from the moment on at which some client has first subscribed it; false: publish all of clientEvents in any case.',
  }),
};
