import { levelCount } from '../../common/topic/topic-name.ts';
import type { GatewayLimits } from '../limits.ts';

/** How long topic names and filters may be. */
export type TopicLimits = Pick<GatewayLimits, 'maxTopicLevels' | 'maxTopicLength'>;

/** @param bytes length of the name or filter in UTF-8 */
export function exceedsTopicLimits(topic: string, bytes: number, limits: TopicLimits): boolean {
  return bytes > limits.maxTopicLength || levelCount(topic) > limits.maxTopicLevels;
}
