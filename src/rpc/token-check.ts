import {
  ResponderBuilder,
  ServerInterceptingCall,
  ServerListenerBuilder,
  Metadata,
  status,
} from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';
import { isAuthorized } from './credentials.ts';
import type { RpcCredentials } from './credentials.ts';

/**
 * Refuses calls without the token, with UNAUTHENTICATED, before anything of them is read.
 * @param onRefused called for each of them
 */
export function tokenCheck(credentials: RpcCredentials, onRefused: () => void): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(
      call,
      new ResponderBuilder()
        .withStart((next) => {
          next(
            new ServerListenerBuilder()
              .withOnReceiveMetadata((metadata, accept) => {
                if (isAuthorized(credentials, metadata)) {
                  accept(metadata);
                  return;
                }
                onRefused();
                call.sendStatus({
                  code: status.UNAUTHENTICATED,
                  details: 'the token of the cluster is missing or wrong',
                  metadata: new Metadata(),
                });
              })
              .build(),
          );
        })
        .build(),
    );
}
