import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { flag, text } from '../../common/config/key-schema.ts';

/** `conf/cluster.conf`: what all nodes of a cluster have in common. */
export interface ClusterConf {
  namesrvAddr: string;
  nodeName: string;
  tlsCaFile: string;
  tlsCertFile: string;
  tlsKeyFile: string;
  token: string;
  tokenFile: string;
  insecure: boolean;
}

export const clusterConf: ConfSpec<ClusterConf> = {
  name: 'cluster',
  title:
    'How the nodes of a cluster find and trust each other (docs/operations.md). Read by the roles namesrv, lmq and gateway; standalone needs none of it.',
  keys: {
    namesrvAddr: text({
      default: '127.0.0.1:9877',
      minLength: 1,
      description:
        'All name servers, host:port (rpcPort of namesrv.conf), separated by semicolons or commas.',
    }),
    nodeName: text({
      default: '',
      description:
        'What this node is called in logs and listings. Empty: the name of the machine and the port that it listens on. No two nodes have the same; one that starts again keeps its name, so that nobody waits for the lease of the life before.',
    }),
    tlsCaFile: text({
      default: '',
      description:
        'Certificate (PEM) of the authority that has signed the certificates of all nodes. With it, and the two below, nodes talk TLS and ask each other for a certificate. Relative to the configuration directory, as those below. Empty: no TLS.',
    }),
    tlsCertFile: text({
      default: '',
      description:
        'Certificate of this node (PEM, with those between it and the authority). It names the host by which others know this node.',
    }),
    tlsKeyFile: text({ default: '', description: 'Private key of that certificate (PEM).' }),
    token: text({
      default: '',
      secret: true,
      description:
        'Secret that every node shows the others, the same on all. Better in a file (below). Without TLS it crosses the network readable. Empty: none.',
    }),
    tokenFile: text({
      default: '',
      description: 'File that holds the secret instead; white space around it does not count.',
    }),
    insecure: flag({
      default: false,
      description:
        'Let nodes listen on addresses that other machines can reach without TLS and token: whoever reaches them can read and write everything.',
    }),
  },
  retired: {},
};
