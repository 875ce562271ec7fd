import { MqttProtocolError } from '../codec/protocol-error.ts';

/**
 * A well-formed PUBLISH that is not accepted: in MQTT 5 its acknowledgement says so and the connection
 * goes on; in 3.1.1 there is no such answer and it is closed.
 */
export class PublishRefusal extends MqttProtocolError {}
