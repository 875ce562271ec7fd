import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { choice, flag, integer, text } from '../../common/config/key-schema.ts';

export type AllowAnonymous = 'auto' | 'true' | 'false';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** `conf/service.conf`: who may connect, and the log. */
export interface ServiceConf {
  username: string;
  secretKey: string;
  allowAnonymous: AllowAnonymous;
  scramUsersFile: string;
  aclFile: string;
  aclReloadIntervalSeconds: number;
  logLevel: LogLevel;
  logFile: string;
  logConsole: boolean;
}

const CLUSTER = 'nodes of a cluster find each other by namesrvAddr of cluster.conf';
const NO_META = 'there is no meta service: sessions, retained messages and wills are in the store';
const ARRIVALS = 'the store itself tells gateways of new messages';
const LISTENERS = 'set it in connect.conf';

export const serviceConf: ConfSpec<ServiceConf> = {
  name: 'service',
  title: 'Who may connect, and the log.',
  keys: {
    username: text({
      default: '',
      description: 'User name that clients sign in with. Empty: there are no credentials.',
    }),
    secretKey: text({
      default: '',
      secret: true,
      description:
        "Key of the clients' password, which is Base64(HMAC-SHA1(secretKey, client id)).\nBetter set by the environment than in the file. Quote a value with ; or # in it.",
    }),
    allowAnonymous: choice<AllowAnonymous>(['auto', 'true', 'false'], {
      default: 'auto',
      description:
        'Whether clients may connect without credentials. auto: only while no username and secretKey are set and every listener is on loopback.',
    }),
    scramUsersFile: text({
      default: '',
      description:
        'Users who sign in by SCRAM-SHA-256 (MQTT 5 enhanced authentication, docs/security.md), relative to the configuration directory; bin/mqtt.sh passwd writes it. Without username and secretKey nobody else may connect, unless allowAnonymous = true. Empty: no such users.',
    }),
    aclFile: text({
      default: '',
      description:
        'Access control list: who may publish and subscribe to what (docs/security.md), relative to the configuration directory. Empty: everyone everything.',
    }),
    aclReloadIntervalSeconds: integer({
      default: 5,
      minimum: 0,
      maximum: 86_400,
      unit: 's',
      description:
        'How often the access control list is looked at for changes; 0 = at the start only.',
    }),
    logLevel: choice<LogLevel>(['debug', 'info', 'warn', 'error'], {
      default: 'info',
      description: 'Least serious level that is logged.',
    }),
    logFile: text({
      default: 'lmqtt.log',
      description:
        'Log file, relative to the log directory. SIGHUP opens it anew, for logrotate. Empty: none.',
    }),
    logConsole: flag({
      default: true,
      description: "Log to the console too while in the foreground ('bin/mqtt.sh run').",
    }),
  },
  retired: {
    NAMESRV_ADDR: CLUSTER,
    metaAddr: NO_META,
    enableMetaModule: NO_META,
    staticFirstTopics: 'first levels are ALL_FIRST_TOPICS of the name server, see docs/topics.md',
    eventNotifyRetryTopic: ARRIVALS,
    eventNotifyRetryMaxTime: ARRIVALS,
    csRpcPort: ARRIVALS,
    clientRetryTopic:
      'there is no retry topic: what is not acknowledged is redelivered from its queue',
    clientP2pTopic: 'every peer has its own queue',
    retainMsgExpire:
      'a retained message stays until it is replaced, cleared, or its own expiry interval is over',
    authThreadNum: 'there are no such threads',
    enableTlsSever: 'set enableTls in connect.conf',
    needClientAuth: LISTENERS,
    sslCaCertFile: LISTENERS,
    sslServerCertFile: LISTENERS,
    sslServerKeyFile: LISTENERS,
    sslServerKeyPassword: LISTENERS,
  },
};
