import { RecentView } from '../../common/bytes/recent-view.ts';

/** Of the chunk that is being decoded: most bring many packets. */
export const inputView: RecentView = new RecentView();
