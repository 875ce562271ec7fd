import { createEmbeddedStore } from '../../src/lmq/embedded/embedded-store.ts';
import { mkdtemp, rm } from 'node:fs/promises'; import { execSync } from 'node:child_process';
import { topicQueueName } from '../../src/lmq/spi/queue-name.ts';
for (const [compression, blockBytes, writeBufferBytes] of [[true,32768,64<<20],[false,32768,64<<20],[true,65536,64<<20],[true,16384,64<<20],[true,32768,16<<20],[true,32768,128<<20],[true,32768,64<<20],[false,32768,64<<20]] as [boolean,number,number][]) {
  const directory = await mkdtemp('/tmp/lmqtt-b-');
  const store = createEmbeddedStore({directory, compression, blockBytes, writeBufferBytes, maxBacklogBytes: 8<<20});
  await store.start();
  let wake: (()=>void)|undefined; store.onWritable(()=>wake?.());
  const topics = Array.from({length:100},(_,i)=>store.topic(`bench/device-${i}/temperature`));
  const payloads = Array.from({length: 64}, (_,i)=>Buffer.from(JSON.stringify({device: i, t: Math.random()*40, h: Math.random()*100, ts: Date.now()+i})));
  const pub = Buffer.from('client-1'), none = Buffer.alloc(0); let c=0;
  const N=3_000_000; const cpu=process.cpuUsage(); const t=performance.now();
  for (let i=0;i<N;) { for (let j=0;j<2000;j++,i++) { const p = payloads[i&63]!; c=store.append(topics[i%100]!,1,pub,none,0xffffffff,p,0,p.length);} if(!store.writable) await new Promise<void>(r=>{wake=r}); await new Promise(r=>setImmediate(r)); }
  await store.committed(c); const s=(performance.now()-t)/1000; const u=process.cpuUsage(cpu);
  const bytes=store.stats.bytesAppended;
  await store.stop();
  const du=Number(execSync(`du -sm ${directory}`).toString().split('\t')[0]);
  const again = createEmbeddedStore({directory, compression}); await again.start(); const q=await again.openQueue(topicQueueName('bench/device-7/temperature'));
  const t2=performance.now(); for(let o=0;o<q.maxOffset;) o=(await again.pull(q,o,1000,1<<20)).nextOffset; const rd=(performance.now()-t2)/q.maxOffset*1000;
  await again.stop(); await rm(directory,{recursive:true});
  console.log(compression?'snappy':'none  ', blockBytes, writeBufferBytes>>20, Math.round(N/s), 'rec/s', Math.round((u.user+u.system)*1000/N), 'ns cpu/rec', Math.round(bytes/1e6), 'MB appended', du, 'MB disk', rd.toFixed(1),'us per sparse record read');
}
