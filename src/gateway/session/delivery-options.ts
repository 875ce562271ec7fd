/** What a subscription asks for besides its QoS (MQTT 5 §3.8.3.1). */
export interface DeliveryOptions {
  /** Not what the session itself has published [MQTT5-3.8.3-3]. */
  readonly noLocal: boolean;
  /** RETAIN as the publisher set it, not 0 [MQTT5-3.3.1-12] [MQTT-3.3.1-13]. */
  readonly retainAsPublished: boolean;
  /** 0 = none [MQTT-3.3.4-3]. */
  readonly subscriptionId: number;
}

/** Of 3.1.1 clients, and of most others: shared, so that it can be compared by identity. */
export const PLAIN_OPTIONS: DeliveryOptions = {
  noLocal: false,
  retainAsPublished: false,
  subscriptionId: 0,
};

/** The shared object where nothing is asked for. */
export function deliveryOptions(options: DeliveryOptions): DeliveryOptions {
  const { noLocal, retainAsPublished, subscriptionId } = options;
  if (!noLocal && !retainAsPublished && subscriptionId === 0) return PLAIN_OPTIONS;
  return { noLocal, retainAsPublished, subscriptionId };
}
