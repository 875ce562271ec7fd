/** The broker that the others are compared with, and the same with `SYNC_FLUSH`. */
export const OWN = 'lmqtt';
export const OWN_SYNC = 'lmqtt-sync';
