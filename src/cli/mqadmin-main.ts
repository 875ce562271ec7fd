/** Entry of `bin/mqadmin`. */
import { systemClock } from '../common/clock.ts';
import { runMqadmin } from '../namesrv/mqadmin/mqadmin.ts';

process.exitCode = await runMqadmin(process.argv.slice(2), {
  defaultNamesrvAddr: process.env['NAMESRV_ADDR'],
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  clock: systemClock,
});
