// mqttload - MQTT 3.1.1 / 5.0 load generator over TCP, TLS and WebSocket. Single file, epoll, libc + pthread;
// OpenSSL where it is wanted.
//
//   cc -O2 -Wall -Wextra -pthread [-DWITH_TLS] -o mqttload mqttload.c -lm [-lssl -lcrypto]
//
// Modes: load (publish/subscribe), drain (offline queue), retained (retained messages to new subscribers),
// connections (idle connections, or sessions left behind).
// Every payload starts with 16 bytes, big endian:
//   u32 tag   (12 bits run id << 20 | 20 bits publisher index)
//   u32 seq   (per publisher, from 0)
//   u64 ts    (CLOCK_MONOTONIC ns; the intended send time when a rate is set)
// so each delivery is accounted for by (subscriber, publisher, seq).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
#include <stdarg.h>
static void die(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  fprintf(stderr, "mqttload: ");
  vfprintf(stderr, fmt, ap);
  fprintf(stderr, "\n");
  va_end(ap);
  exit(2);
}

static inline u64 now_ns(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (u64)ts.tv_sec * 1000000000ull + (u64)ts.tv_nsec;
}
static inline void put16(u8 *p, u16 v) { p[0] = v >> 8; p[1] = (u8)v; }
static inline void put32(u8 *p, u32 v) { v = __builtin_bswap32(v); memcpy(p, &v, 4); }
static inline void put64(u8 *p, u64 v) { v = __builtin_bswap64(v); memcpy(p, &v, 8); }
static inline u16 get16(const u8 *p) { return (u16)(p[0] << 8 | p[1]); }
static inline u32 get32(const u8 *p) { u32 v; memcpy(&v, p, 4); return __builtin_bswap32(v); }
static inline u64 get64(const u8 *p) { u64 v; memcpy(&v, p, 8); return __builtin_bswap64(v); }

// ------------------------------------------------------------------ options
enum { PAT_OWN, PAT_ONE, PAT_WILD, PAT_SHARE, PAT_ALL, PATTERNS };
static const char *pat_name[] = {"own", "one", "wild", "share", "all"};
static struct {
  const char *host, *user, *pass, *prefix, *label, *topic, *srcbase, *mode;
  int port, pubs, subs, pattern, qos, subqos, payload, window, threads, proto, batch;
  int clean, retain, verify, spin, recvmax, keepalive, burst, rcvbuf, sndbuf, cleanup, quiet;
  u64 messages;
  double duration, warmup, rate, idle_timeout, drain_timeout, interval;
  int pid;
  int topics, alias, properties;
  // transport
  int tls, ws;
  const char *ws_path;
  // drain, retained
  int phase, runid, retained;
  // connections
  int conns, procs, subscribe, per_src, subscriptions, wild, leave;
  double hold, settle;
} o = {.host = "127.0.0.1", .port = 1883, .pubs = 1, .subs = 1, .pattern = PAT_OWN, .qos = 0,
       .subqos = -1, .payload = 16, .window = 0, .threads = 1, .proto = 4, .batch = 512, .clean = 1,
       .keepalive = -1, .burst = 256, .idle_timeout = 3, .drain_timeout = 60, .prefix = "ml",
       .label = "", .topic = "bench", .mode = "load", .runid = -1, .phase = 0, .per_src = 500,
       .hold = 2, .settle = 1, .topics = 1, .subscriptions = 1, .ws_path = "/mqtt"};

static u32 g_srcbase;  // 127.x.y.z block of this run, so that ports in TIME_WAIT of an earlier run do not matter
static u32 g_run;      // 12-bit run id
static int g_stuck;
static _Atomic int g_stop, g_stop_pub, g_epoch;
static u64 g_t0;       // start of publishing
static struct sockaddr_in g_addr;
static u8 g_props[2048];  // the property block of every PUBLISH but for the topic alias
static u32 g_props_len;

// ------------------------------------------------------------------ histogram (log-linear, 64 per octave)
#define HSUB 6
#define HN ((64 - HSUB + 1) << HSUB)
typedef struct { u64 b[HN]; u64 n, max, min; double sum; } hist;
static inline void hist_add(hist *h, u64 v) {
  u32 i;
  if (v < (1u << HSUB)) i = (u32)v;
  else {
    int e = 63 - __builtin_clzll(v);
    i = (u32)((e - HSUB + 1) << HSUB) + (u32)((v >> (e - HSUB)) & ((1u << HSUB) - 1));
  }
  h->b[i]++;
  h->n++;
  h->sum += (double)v;
  if (v > h->max) h->max = v;
}
static double hist_val(u32 i) {
  if (i < (1u << HSUB)) return i;
  int e = (int)(i >> HSUB) + HSUB - 1;
  u64 lo = (1ull << e) + ((u64)(i & ((1u << HSUB) - 1)) << (e - HSUB));
  return (double)lo + (double)(1ull << (e - HSUB)) / 2;
}
static double hist_pct(const hist *h, double p) {
  if (!h->n) return 0;
  u64 want = (u64)ceil(p / 100.0 * (double)h->n), c = 0;
  if (!want) want = 1;
  for (u32 i = 0; i < HN; i++)
    if ((c += h->b[i]) >= want) { double v = hist_val(i); return v > (double)h->max ? (double)h->max : v; }
  return (double)h->max;
}
static void hist_merge(hist *a, const hist *b) {
  for (u32 i = 0; i < HN; i++) a->b[i] += b->b[i];
  a->n += b->n;
  a->sum += b->sum;
  if (b->max > a->max) a->max = b->max;
}

// ------------------------------------------------------------------ per (subscriber, publisher) tracking
typedef struct { u32 a, b; } hole;           // missing [a,b)
typedef struct { u32 next, nh, cap; hole *h; } trk;
enum { T_OK, T_LATE, T_DUP };
static int trk_add(trk *t, u32 s) {
  if (__builtin_expect(s == t->next, 1)) { t->next++; return T_OK; }
  if (s > t->next) {
    if (t->nh == t->cap) {
      t->cap = t->cap ? t->cap * 2 : 8;
      t->h = realloc(t->h, t->cap * sizeof(hole));
      if (!t->h) die("out of memory");
    }
    t->h[t->nh++] = (hole){t->next, s};
    t->next = s + 1;
    return T_OK;
  }
  u32 lo = 0, hi = t->nh;                    // last hole with a <= s
  while (lo < hi) { u32 m = (lo + hi) / 2; if (t->h[m].a <= s) lo = m + 1; else hi = m; }
  if (!lo) return T_DUP;
  hole *x = &t->h[lo - 1];
  if (s >= x->b) return T_DUP;
  if (s == x->a) {
    if (++x->a == x->b) { memmove(x, x + 1, (t->nh - lo) * sizeof(hole)); t->nh--; }
  } else if (s == x->b - 1) x->b--;
  else {
    if (t->nh == t->cap) {
      t->cap *= 2;
      t->h = realloc(t->h, t->cap * sizeof(hole));
      if (!t->h) die("out of memory");
      x = &t->h[lo - 1];
    }
    memmove(x + 2, x + 1, (t->nh - lo) * sizeof(hole));
    x[1] = (hole){s + 1, x->b};
    x->b = s;
    t->nh++;
  }
  return T_LATE;
}
static u64 trk_missing(const trk *t, u64 total) {
  u64 m = total > t->next ? total - t->next : 0;
  for (u32 i = 0; i < t->nh; i++) m += t->h[i].b - t->h[i].a;
  return m;
}

// ------------------------------------------------------------------ connections
enum { K_PUB, K_SUB, K_IDLE };
enum { S_NEW, S_CONNECTING, S_TLS, S_UPGRADE, S_CONNACK, S_SUBACK, S_READY, S_CLOSED };
struct thr;
typedef struct { u8 *b; u32 len, digits, pid_off, alias_off, pay_off; } tpl;  // a PUBLISH with gaps to fill in
typedef struct {
  tpl plain, aliased, named;      // with topic; with alias alone; with topic and alias
  u32 alias_max;                  // topic aliases that the broker takes from this publisher, 0: none
  u8 *announced;                  // by topic: the broker knows its alias
  u64 sent, acked, quota, credit, fan;
  u32 window, inflight, fh, ft;   // free id queue (ring of window+1)
  u16 *freeq;
  u8 *idst;
  u64 *idts;
  _Atomic u64 delivered;
  u64 written_off;
} pubx;
// MQTT keeps the order of one topic: with several topics of a publisher, order[tracker * topics + topic] is the
// sequence number behind the last one seen there
typedef struct { trk *t; u32 n; u32 *last, *order; } subx;
typedef struct conn {
  int fd;
  u8 kind, st, out_armed, kick, session_present;
  u32 idx;
  struct thr *th;
  u8 *ib;
  u32 ilen, icap;
  u8 *ob;
  u32 ooff, olen, ocap;
  void *ssl;                      // SSL * when TLS is on
  u8 *wb;                         // WebSocket frames on their way out
  u32 woff, wlen, wcap;
  u8 wh[14], whn, wop;            // header of the incoming frame as far as it is there
  u64 wrem;                       // bytes of its payload still to come
  u32 subacks;                    // SUBACKs to come
  u8 *known;                      // topic aliases that the broker announced to this connection
  union { pubx *p; subx *s; void *x; };
} conn;

typedef struct thr {
  int ep, id;
  pthread_t pt;
  conn **pubs; u32 npubs;
  conn **subs; u32 nsubs;
  conn **kicked; u32 nkick;
  u8 *rbuf;
  u32 rcap;
  // rate
  double rate;
  u64 due_n;
  // counters (read by the coordinator)
  volatile u64 c_sent, c_acked, c_recv, c_unique, c_dup, c_late, c_corrupt, c_foreign, c_unexpected;
  volatile u64 c_disc, c_proto, c_nack, c_ready, c_fail, c_stall, c_wr, c_rd, c_aliased;
  volatile u64 t_first_recv, t_last_recv, t_last_ack, t_last_sent;
  volatile u32 pubs_done;
  int epoch;
  u64 last_progress, last_recv_seen;
  hist lat, ack;
} thr;

static thr *T;
static conn *PUB, *SUB;
static u64 *share_bits;      // one bitmap per publisher, for PAT_SHARE
static u64 share_words;

static int sub_matches(u32 s, u32 p) {
  if (o.pattern == PAT_OWN) return o.subs >= o.pubs ? s % (u32)o.pubs == p : p % (u32)o.subs == s;
  return 1;
}
static inline int trk_index(u32 s, u32 p) {
  if (o.pattern == PAT_OWN) {
    if (o.subs >= o.pubs) return s % (u32)o.pubs == p ? 0 : -1;
    return p % (u32)o.subs == s ? (int)(p / (u32)o.subs) : -1;
  }
  return (int)p;
}

static void ep_mod(conn *c, int want_out) {
  if (c->out_armed == want_out || c->fd < 0) return;
  c->out_armed = (u8)want_out;
  struct epoll_event e = {.events = EPOLLIN | (want_out ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(c->th->ep, EPOLL_CTL_MOD, c->fd, &e);
}
static inline bool pending(const conn *c) { return c->ooff < c->olen || c->woff < c->wlen; }
static void conn_close(conn *c) {
#ifdef WITH_TLS
  if (c->ssl) SSL_free(c->ssl);
  c->ssl = NULL;
#endif
  c->woff = c->wlen = 0;
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  c->st = S_CLOSED;
  c->ilen = 0;
  c->ooff = c->olen = 0;
}
static void conn_lost(conn *c, const char *why) {
  if (c->st == S_READY) c->th->c_disc++; else c->th->c_fail++;
  if (!o.quiet && c->th->c_disc + c->th->c_fail <= 3)
    fprintf(stderr, "mqttload: %s %u closed (%s, state %d)\n",
            c->kind == K_PUB ? "publisher" : c->kind == K_SUB ? "subscriber" : "connection", c->idx, why, c->st);
  conn_close(c);
}
static inline u8 *out_room(conn *c, u32 n) {
  if (c->ooff == c->olen) c->ooff = c->olen = 0;
  if (c->olen + n > c->ocap) {
    if (c->ooff) {
      memmove(c->ob, c->ob + c->ooff, c->olen - c->ooff);
      c->olen -= c->ooff;
      c->ooff = 0;
    }
    if (c->olen + n > c->ocap) {
      u32 nc = c->ocap ? c->ocap : 512;
      while (nc < c->olen + n) nc *= 2;
      c->ob = realloc(c->ob, nc);
      if (!c->ob) die("out of memory");
      c->ocap = nc;
    }
  }
  return c->ob + c->olen;
}
#ifdef WITH_TLS
static SSL_CTX *g_tls;
static ssize_t tls_result(conn *c, int n) {
  switch (SSL_get_error(c->ssl, n)) {
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
  case SSL_ERROR_ZERO_RETURN: return 0;
  case SSL_ERROR_SYSCALL: if (!errno) return 0; return -1;
  default: ERR_clear_error(); errno = EPROTO; return -1;
  }
}
#endif
static ssize_t raw_send(conn *c, const u8 *b, u32 n) {
#ifdef WITH_TLS
  if (c->ssl) { errno = 0; int r = SSL_write(c->ssl, b, (int)n); return r > 0 ? r : tls_result(c, r); }
#endif
  return send(c->fd, b, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}
static ssize_t raw_recv(conn *c, u8 *b, u32 n) {
#ifdef WITH_TLS
  if (c->ssl) { errno = 0; int r = SSL_read(c->ssl, b, (int)n); return r > 0 ? r : tls_result(c, r); }
#endif
  return recv(c->fd, b, n, MSG_DONTWAIT);
}
// one masked binary frame around at most 64 KiB of the output
static void ws_frame(conn *c) {
  u32 n = c->olen - c->ooff;
  if (n > 65536) n = 65536;
  if (c->wcap < n + 14) {
    free(c->wb);
    c->wcap = n + 14 < 1024 ? 1024 : n + 14;
    c->wb = malloc(c->wcap);
    if (!c->wb) die("out of memory");
  }
  u8 *w = c->wb, key[4] = {0x37, 0xfa, 0x21, 0x3d};
  *w++ = 0x82;
  if (n < 126) *w++ = (u8)(0x80 | n);
  else if (n < 65536) { *w++ = 0x80 | 126; put16(w, (u16)n); w += 2; }
  else { *w++ = 0x80 | 127; put64(w, n); w += 8; }
  memcpy(w, key, 4);
  w += 4;
  const u8 *p = c->ob + c->ooff;
  for (u32 i = 0; i < n; i++) w[i] = p[i] ^ key[i & 3];
  c->ooff += n;
  c->woff = 0;
  c->wlen = (u32)(w - c->wb) + n;
}
// takes the frames away from n received bytes; what is left of them stays at p. -1: the broker closes
static ssize_t ws_unframe(conn *c, u8 *p, u32 n) {
  u32 out = 0, i = 0;
  while (i < n) {
    if (c->wrem) {
      u32 k = n - i < c->wrem ? n - i : (u32)c->wrem;
      if (c->wop <= 2) { memmove(p + out, p + i, k); out += k; }
      i += k;
      c->wrem -= k;
      continue;
    }
    c->wh[c->whn++] = p[i++];
    if (c->whn < 2) continue;
    u32 l = c->wh[1] & 127, need = l == 127 ? 10 : l == 126 ? 4 : 2;
    if (c->wh[1] & 128 || (c->wh[0] & 15) == 8) return -1;
    if (c->whn < need) continue;
    c->wop = c->wh[0] & 15;
    c->wrem = l == 127 ? get64(c->wh + 2) : l == 126 ? get16(c->wh + 2) : l;
    c->whn = 0;
  }
  return out;
}
// returns 0 when everything went out, 1 when the socket is full, -1 when closed
static int conn_flush(conn *c) {
  if (c->st == S_TLS || c->st == S_UPGRADE) return 1;
  while (pending(c)) {
    if (o.ws && c->woff == c->wlen) ws_frame(c);
    u8 *b = o.ws ? c->wb : c->ob;
    u32 *off = o.ws ? &c->woff : &c->ooff, len = o.ws ? c->wlen : c->olen;
    ssize_t n = raw_send(c, b + *off, len - *off);
    if (n <= 0) {
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) { ep_mod(c, 1); return 1; }
      conn_lost(c, n < 0 ? strerror(errno) : "EOF");
      return -1;
    }
    c->th->c_wr++;
    *off += (u32)n;
  }
  c->ooff = c->olen = 0;
  return 0;
}

static u32 enc_var(u8 *p, u32 v) {
  u32 n = 0;
  do { u8 b = v & 127; v >>= 7; if (v) b |= 128; p[n++] = b; } while (v);
  return n;
}
static u8 *put_str(u8 *p, const char *s) {
  size_t n = strlen(s);
  put16(p, (u16)n);
  memcpy(p + 2, s, n);
  return p + 2 + n;
}
static void send_connect(conn *c) {
  char id[128];
  if (c->kind == K_PUB) snprintf(id, sizeof id, "%s-%03x-p%u", o.prefix, g_run, c->idx);
  else if (c->kind == K_SUB && o.clean) snprintf(id, sizeof id, "%s-%03x-s%u", o.prefix, g_run, c->idx);
  else if (c->kind == K_SUB) snprintf(id, sizeof id, "%s-s%u", o.prefix, c->idx);
  else snprintf(id, sizeof id, "%s-%03x-c%u", o.prefix, g_run, c->idx);
  int clean = c->kind == K_PUB ? 1 : o.clean;
  u8 b[1024], *p = b;
  p = put_str(p, "MQTT");
  *p++ = (u8)o.proto;
  *p++ = (u8)((clean ? 2 : 0) | (o.user ? 128 : 0) | (o.pass ? 64 : 0));
  put16(p, (u16)o.keepalive);
  p += 2;
  if (o.proto == 5) {
    u8 *l = p++;
    if (!clean) { *p++ = 0x11; put32(p, 86400); p += 4; }
    if (o.recvmax) { *p++ = 0x21; put16(p, (u16)o.recvmax); p += 2; }
    if (o.alias && c->kind == K_SUB) { *p++ = 0x22; put16(p, (u16)o.alias); p += 2; }
    *l = (u8)(p - l - 1);
  }
  p = put_str(p, id);
  if (o.user) p = put_str(p, o.user);
  if (o.pass) p = put_str(p, o.pass);
  u32 n = (u32)(p - b);
  u8 *w = out_room(c, n + 5);
  w[0] = 0x10;
  u32 h = 1 + enc_var(w + 1, n);
  memcpy(w + h, b, n);
  c->olen += h + n;
  c->st = S_CONNACK;
  conn_flush(c);
}
// the topic of publisher i, its k-th one when it has several
static void topic_of_pub(char *t, size_t n, u32 i, u32 k) {
  static const char *letter[] = {"p", "", "w", "s", "a"};
  int l;
  if (o.pattern == PAT_ONE) l = snprintf(t, n, "%s/one", o.topic);
  else l = snprintf(t, n, "%s/%s/%u%s", o.topic, letter[o.pattern], i, o.pattern == PAT_WILD ? "/t" : "");
  if (o.topics > 1) snprintf(t + l, n - (size_t)l, "/%06u", k);
}
static u32 filter_count(const conn *c) {
  if (c->kind == K_IDLE) return (u32)o.subscriptions;
  if (o.pattern != PAT_OWN) return 1;
  if (o.subs >= o.pubs) return (u32)o.topics;
  return ((u32)(o.pubs - 1) - c->idx) / (u32)o.subs * (u32)o.topics + (u32)o.topics;
}
static void filter_of(const conn *c, u32 j, char *t, size_t n) {
  if (c->kind == K_IDLE) {
    int l = snprintf(t, n, "%s/c/%u", o.topic, c->idx);
    if (o.wild) l += snprintf(t + l, n - (size_t)l, "/+");
    if (o.subscriptions > 1) snprintf(t + l, n - (size_t)l, "/%06u", j);
  } else if (o.pattern == PAT_OWN) {
    u32 i = o.subs >= o.pubs ? c->idx % (u32)o.pubs : c->idx + j / (u32)o.topics * (u32)o.subs;
    topic_of_pub(t, n, i, j % (u32)o.topics);
  } else if (o.pattern == PAT_ONE) snprintf(t, n, "%s/one", o.topic);
  else if (o.pattern == PAT_WILD) snprintf(t, n, "%s/w/+/t", o.topic);
  else if (o.pattern == PAT_ALL) snprintf(t, n, "%s/a/#", o.topic);
  else snprintf(t, n, "$share/g/%s/s/+", o.topic);
}
enum { SUBSCRIBE_BYTES = 32768 };  // a new SUBSCRIBE packet begins behind this size
static void send_subscribe(conn *c) {
  u8 body[SUBSCRIBE_BYTES + 512];
  u32 filters = filter_count(c);
  c->st = S_SUBACK;
  for (u32 j = 0; j < filters;) {
    u8 *p = body;
    put16(p, (u16)++c->subacks);
    p += 2;
    if (o.proto == 5) *p++ = 0;
    for (; j < filters && p - body < SUBSCRIBE_BYTES; j++) {
      char t[256];
      filter_of(c, j, t, sizeof t);
      p = put_str(p, t);
      *p++ = (u8)o.subqos;
    }
    u32 n = (u32)(p - body);
    u8 *w = out_room(c, n + 5);
    w[0] = 0x82;
    u32 h = 1 + enc_var(w + 1, n);
    memcpy(w + h, body, n);
    c->olen += h + n;
  }
  conn_flush(c);
}

// ------------------------------------------------------------------ publishing
static u8 *put_property(u8 *p, u8 id, const char *a, const char *b) {
  *p++ = id;
  p = put_str(p, a);
  return b ? put_str(p, b) : p;
}
// what a device sends along: content type, response topic, an expiry far away, user properties
static void make_properties(void) {
  u8 *p = g_props;
  if (o.properties > 0) {
    *p++ = 0x02;
    put32(p, 86400);
    p += 4;
    p = put_property(p, 0x03, "application/octet-stream", NULL);
    p = put_property(p, 0x08, "bench/reply", NULL);
    for (int i = 0; i < o.properties; i++) {
      char name[32];
      snprintf(name, sizeof name, "property-%d", i);
      p = put_property(p, 0x26, name, "a value of 20 letters");
    }
  }
  g_props_len = (u32)(p - g_props);
}
static void make_tpl(tpl *x, u32 idx, bool named, bool aliased) {
  char t[256];
  topic_of_pub(t, sizeof t, idx, 0);
  u32 tl = named ? (u32)strlen(t) : 0, props = g_props_len + (aliased ? 3 : 0);
  u8 prefix[4];
  u32 pl = o.proto == 5 ? enc_var(prefix, props) : 0;
  u32 rem = 2 + tl + (o.qos ? 2 : 0) + pl + (o.proto == 5 ? props : 0) + (u32)o.payload;
  u8 *p = x->b = malloc(rem + 8);
  *p++ = (u8)(0x30 | o.qos << 1 | (o.retain ? 1 : 0));
  p += enc_var(p, rem);
  put16(p, (u16)tl);
  memcpy(p + 2, t, tl);
  p += 2 + tl;
  x->digits = named && o.topics > 1 ? (u32)(p - x->b) - 6 : 0;
  if (o.qos) { x->pid_off = (u32)(p - x->b); p += 2; }
  if (o.proto == 5) {
    memcpy(p, prefix, pl);
    memcpy(p + pl, g_props, g_props_len);
    p += pl + g_props_len;
    if (aliased) { *p++ = 0x23; x->alias_off = (u32)(p - x->b); p += 2; }
  }
  x->pay_off = (u32)(p - x->b);
  put32(p, g_run << 20 | idx);
  for (int i = 16; i < o.payload; i++) p[i] = (u8)('a' + i % 26);
  x->len = x->pay_off + (u32)o.payload;
}
static void pub_init(conn *c, u32 window, u64 quota) {
  pubx *x = calloc(1, sizeof *x);
  c->p = x;
  make_tpl(&x->plain, c->idx, true, false);
  if (o.alias) {
    make_tpl(&x->aliased, c->idx, false, true);
    make_tpl(&x->named, c->idx, true, true);
    x->announced = calloc((size_t)o.topics, 1);
  }
  x->quota = quota;
  x->window = window;
  if (o.qos) {
    x->freeq = malloc((window + 1) * sizeof(u16));
    x->idst = calloc(window + 1, 1);
    x->idts = calloc(window + 1, sizeof(u64));
    for (u32 i = 0; i < window; i++) x->freeq[i] = (u16)(i + 1);
    x->fh = 0;
    x->ft = window;
  }
}
// the form of the next PUBLISH, with its topic or alias filled in at w
static inline const tpl *put_form(pubx *x, u8 *w) {
  const tpl *f = &x->plain;
  u32 k = o.topics > 1 ? (u32)(x->sent % (u64)o.topics) : 0;
  if (k < x->alias_max) f = x->announced[k] ? &x->aliased : &x->named;
  memcpy(w, f->b, f->len);
  if (f->alias_off) { put16(w + f->alias_off, (u16)(k + 1)); x->announced[k] = 1; }
  if (f->digits) for (u32 d = 6, v = k; d--; v /= 10) w[f->digits + d] = (u8)('0' + v % 10);
  return f;
}
static inline u64 rate_due(thr *th, u64 n) { return g_t0 + (u64)((double)n * 1e9 / th->rate); }

static u64 pub_room(conn *c) {
  pubx *x = c->p;
  if (atomic_load_explicit(&g_stop_pub, memory_order_relaxed)) return 0;
  u64 n = x->quota - x->sent;
  if (c->th->rate > 0 && n > x->credit) n = x->credit;
  if (o.qos) { u64 w = x->window - x->inflight; if (n > w) n = w; }
  else if (x->window && x->fan) {
    u64 out = x->sent - x->written_off - atomic_load_explicit(&x->delivered, memory_order_relaxed) / x->fan;
    u64 w = out >= x->window ? 0 : x->window - out;
    if (n > w) n = w;
  }
  return n;
}
static void pub_fill(conn *c) {
  if (c->st != S_READY) return;
  pubx *x = c->p;
  thr *th = c->th;
  for (;;) {
    if (pending(c)) { if (conn_flush(c)) return; }
    u64 n = pub_room(c);
    if (!n) { ep_mod(c, 0); return; }
    if (n > (u64)o.batch) n = (u64)o.batch;
    u8 *w = out_room(c, (u32)n * (x->plain.len + 3)), *w0 = w;
    u64 now = now_ns();
    bool rated = th->rate > 0;
    for (u64 i = 0; i < n; i++) {
      const tpl *f = put_form(x, w);
      u64 ts = rated ? rate_due(th, x->sent * th->npubs + (c->idx / (u32)o.threads)) : now;
      if (o.qos) {
        u16 id = x->freeq[x->fh];
        if (++x->fh > x->window) x->fh = 0;
        put16(w + f->pid_off, id);
        x->idst[id] = 1;
        x->idts[id] = ts;
        x->inflight++;
      }
      u8 *pl = w + f->pay_off;
      put32(pl + 4, (u32)x->sent);
      put64(pl + 8, ts);
      x->sent++;
      w += f->len;
    }
    c->olen += (u32)(w - w0);
    th->c_sent += n;
    th->t_last_sent = now;
    if (rated) x->credit -= n;
    if (conn_flush(c)) return;
    if (!o.qos && !x->window && !rated) { ep_mod(c, 1); return; }  // flood: level-triggered EPOLLOUT drives
  }
}
static inline void kick(conn *c) {
  if (!c->kick) { c->kick = 1; c->th->kicked[c->th->nkick++] = c; }
}

// ------------------------------------------------------------------ receiving
static inline u8 *ack_room(conn *c) { return out_room(c, 4); }
static inline void put_ack(conn *c, u8 type, u16 id) {
  u8 *w = ack_room(c);
  w[0] = type;
  w[1] = 2;
  put16(w + 2, id);
  c->olen += 4;
}
static u8 *g_filler;
// checks the properties of a PUBLISH; false when they break the protocol
static bool check_properties(thr *th, conn *c, bool named, const u8 *p, u32 n) {
  u32 i = 0, alias = 0;
  while (i < n) {
    switch (p[i++]) {
    case 0x01: i += 1; break;
    case 0x02: i += 4; break;
    case 0x03: case 0x08: case 0x09: if (i + 2 > n) return false; i += 2u + get16(p + i); break;
    case 0x0b: while (i < n && p[i] & 128) i++; i++; break;
    case 0x23: if (i + 2 > n) return false; alias = get16(p + i); i += 2; if (!alias) return false; break;
    case 0x26: for (int k = 0; k < 2; k++) { if (i + 2 > n) return false; i += 2u + get16(p + i); } break;
    default: return false;
    }
  }
  if (i > n || alias > (u32)o.alias || (!named && !alias)) return false;
  if (alias) {
    if (!c->known) c->known = calloc((size_t)o.alias + 1, 1);
    if (named) c->known[alias] = 1;
    else if (!c->known[alias]) return false;
    else th->c_aliased++;
  }
  if (n - (alias ? 3u : 0u) < g_props_len) th->c_corrupt++;
  return true;
}
static inline void on_publish(thr *th, conn *c, u8 hdr, const u8 *p, u32 len, u64 now) {
  u32 qos = (hdr >> 1) & 3;
  if (len < 2) { th->c_proto++; return; }
  u32 tl = get16(p), off = 2 + tl;
  u16 id = 0;
  if (qos) { if (off + 2 > len) { th->c_proto++; return; } id = get16(p + off); off += 2; }
  if (o.proto == 5) {
    u32 v = 0, sh = 0;
    u8 b;
    do { if (off >= len) { th->c_proto++; return; } b = p[off++]; v |= (u32)(b & 127) << sh; sh += 7; } while (b & 128);
    if (off + v > len) { th->c_proto++; return; }
    if ((o.alias || g_props_len) && !check_properties(th, c, tl > 0, p + off, v)) { th->c_proto++; return; }
    off += v;
  }
  if (qos == 1) put_ack(c, 0x40, id);
  else if (qos == 2) put_ack(c, 0x50, id);
  th->c_recv++;
  if (off + 16 > len || len - off != (u32)o.payload) { th->c_corrupt++; return; }
  const u8 *d = p + off;
  u32 tag = get32(d);
  if (tag >> 20 != g_run) { th->c_foreign++; return; }
  u32 pi = tag & 0xfffff, seq = get32(d + 4);
  if (pi >= (u32)o.pubs || c->kind != K_SUB) { th->c_unexpected++; return; }
  if (o.verify && memcmp(d + 16, g_filler + 16, (size_t)o.payload - 16)) th->c_corrupt++;
  subx *s = c->s;
  int r;
  if (o.pattern == PAT_SHARE) {
    if (s->last[pi] > seq + 1) th->c_late++;
    else s->last[pi] = seq + 1;
    r = T_OK;
    u64 w = seq >> 6;
    if (w < share_words) {
      _Atomic u64 *bp = (_Atomic u64 *)&share_bits[pi * share_words + w];
      u64 m = 1ull << (seq & 63);
      if (atomic_fetch_or_explicit(bp, m, memory_order_relaxed) & m) r = T_DUP;
    }
  } else {
    int ti = trk_index(c->idx, pi);
    if (ti < 0) { th->c_unexpected++; return; }
    r = trk_add(&s->t[ti], seq);
    if (s->order && r != T_DUP) {
      u32 *last = &s->order[(size_t)ti * (size_t)o.topics + seq % (u32)o.topics];
      r = seq < *last ? T_LATE : T_OK;
      if (seq >= *last) *last = seq + 1;
    }
  }
  if (r == T_DUP) { th->c_dup++; return; }
  if (r == T_LATE && !o.retained) th->c_late++;   // retained messages of different topics have no order
  th->c_unique++;
  u64 ts = get64(d + 8);
  hist_add(&th->lat, now > ts ? now - ts : 0);
  if (!o.qos && o.window) {
    pubx *x = PUB[pi].p;
    if (o.threads == 1) {
      x->delivered++;
      kick(&PUB[pi]);
    } else atomic_fetch_add_explicit(&x->delivered, 1, memory_order_relaxed);
  }
}
static inline void on_puback(thr *th, conn *c, u16 id, u64 now) {
  pubx *x = c->p;
  if (c->kind != K_PUB || !o.qos || id == 0 || id > x->window || !x->idst[id]) { th->c_proto++; return; }
  x->idst[id] = 0;
  hist_add(&th->ack, now > x->idts[id] ? now - x->idts[id] : 0);
  x->freeq[x->ft] = id;
  if (++x->ft > x->window) x->ft = 0;
  x->inflight--;
  x->acked++;
  th->c_acked++;
  th->t_last_ack = now;
  kick(c);
}
static void v5_connack_props(conn *c, const u8 *p, u32 n) {
  u32 i = 0;
  while (i < n) {
    u8 id = p[i++];
    switch (id) {
    case 0x21: if (i + 2 > n) return;
      if (c->kind == K_PUB && o.qos && c->p->window > get16(p + i)) {
        u32 w = get16(p + i);              // honour the server's Receive Maximum
        c->p->window = w;
        c->p->fh = 0;
        c->p->ft = w;
        for (u32 k = 0; k < w; k++) c->p->freeq[k] = (u16)(k + 1);
      }
      i += 2; break;
    case 0x22: if (i + 2 > n) return;
      if (c->kind == K_PUB && o.alias) {
        u32 most = get16(p + i);
        c->p->alias_max = most < (u32)o.alias ? most : (u32)o.alias;
        if (c->p->alias_max > (u32)o.topics) c->p->alias_max = (u32)o.topics;
      }
      i += 2; break;
    case 0x13: i += 2; break;
    case 0x11: case 0x27: i += 4; break;
    case 0x24: case 0x25: case 0x28: case 0x29: case 0x2a: i += 1; break;
    case 0x12: case 0x1f: case 0x1a: case 0x1c: case 0x15: case 0x16: if (i + 2 > n) return; i += 2u + get16(p + i); break;
    case 0x26: if (i + 2 > n) return; i += 2u + get16(p + i); if (i + 2 > n) return; i += 2u + get16(p + i); break;
    default: return;
    }
  }
}
static void bye(conn *c);
static void conn_ready(conn *c) {
  c->st = S_READY;
  c->th->c_ready++;
  if (!o.leave) return;
  bye(c);
  free(c->ib);
  free(c->ob);
  c->ib = c->ob = NULL;
  c->icap = c->ocap = 0;
}
// one packet; returns 0 when the connection was closed
static inline int on_packet(thr *th, conn *c, u8 hdr, const u8 *p, u32 len, u64 now) {
  switch (hdr >> 4) {
  case 3: on_publish(th, c, hdr, p, len, now); return 1;
  case 4:
    if (len < 2) { th->c_proto++; return 1; }
    if (len > 2 && p[2] >= 0x80) th->c_nack++;
    on_puback(th, c, get16(p), now);
    return 1;
  case 5: {
    if (len < 2) { th->c_proto++; return 1; }
    u16 id = get16(p);
    if (len > 2 && p[2] >= 0x80) { th->c_nack++; on_puback(th, c, id, now); return 1; }
    if (c->kind != K_PUB || !o.qos || id == 0 || id > c->p->window || c->p->idst[id] != 1) th->c_proto++;
    else c->p->idst[id] = 2;
    put_ack(c, 0x62, id);
    return 1;
  }
  case 6: if (len < 2) { th->c_proto++; return 1; } put_ack(c, 0x70, get16(p)); return 1;
  case 7:
    if (len < 2) { th->c_proto++; return 1; }
    if (c->kind == K_PUB && o.qos && get16(p) <= c->p->window && c->p->idst[get16(p)] != 2) th->c_proto++;
    on_puback(th, c, get16(p), now);
    return 1;
  case 2:
    if (len < 2 || p[1] != 0) {
      fprintf(stderr, "mqttload: CONNACK code %u\n", len < 2 ? 255u : p[1]);
      conn_lost(c, "refused");
      return 0;
    }
    c->session_present = p[0] & 1;
    if (o.proto == 5 && len > 3) {
      u32 v = 0, sh = 0, i = 2;
      u8 b;
      do { b = p[i++]; v |= (u32)(b & 127) << sh; sh += 7; } while ((b & 128) && i < len);
      if (i + v <= len) v5_connack_props(c, p + i, v);
    }
    if (c->kind == K_SUB || (c->kind == K_IDLE && o.subscribe)) {
      if (c->kind == K_SUB && !o.clean && o.phase == 3) conn_ready(c);   // resumed session
      else send_subscribe(c);
    } else conn_ready(c);
    return c->fd >= 0;
  case 9: {
    u32 i = 2;
    if (o.proto == 5 && len > 2) i += 1u + p[2];
    for (; i < len; i++) if (p[i] > 2) { fprintf(stderr, "mqttload: SUBACK code %u\n", p[i]); th->c_fail++; }
    if (c->st == S_SUBACK && !--c->subacks) conn_ready(c);
    return c->fd >= 0;
  }
  case 13: return 1;
  case 14: fprintf(stderr, "mqttload: DISCONNECT from server, reason 0x%02x\n", len ? p[0] : 0); conn_lost(c, "server DISCONNECT"); return 0;
  default: th->c_proto++; return 1;
  }
}
static void conn_read(thr *th, conn *c) {
  while (c->fd >= 0) {
    u32 have = c->ilen;
    if (have) memcpy(th->rbuf, c->ib, have);
    u32 want = th->rcap - have;
    ssize_t n = raw_recv(c, th->rbuf + have, want), got = n;
    if (n == 0) { conn_lost(c, "EOF"); return; }
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) conn_lost(c, strerror(errno));
      break;
    }
    th->c_rd++;
    if (o.ws) {
      n = ws_unframe(c, th->rbuf + have, (u32)n);
      if (n < 0) { conn_lost(c, "WebSocket closed"); return; }
    }
    u64 now = now_ns(), r0 = th->c_recv;
    const u8 *p = th->rbuf, *e = p + have + n;
    while (e - p >= 2) {
      u32 rl = p[1] & 127, h = 2;
      if (p[1] & 128) {
        u32 sh = 7;
        bool more = true;
        while (more) {
          if (p + h >= e || h > 4) break;
          rl |= (u32)(p[h] & 127) << sh;
          more = p[h] & 128;
          h++;
          sh += 7;
        }
        if (more) { if (h > 4) { conn_lost(c, "bad length"); return; } break; }
      }
      if ((u32)(e - p) < h + rl) break;
      if (!on_packet(th, c, p[0], p + h, rl, now)) return;
      p += h + rl;
    }
    u32 left = (u32)(e - p);
    if (left) {
      if (left > c->icap) {
        c->icap = left < 256 ? 256 : left;
        free(c->ib);
        c->ib = malloc(c->icap);
      }
      memcpy(c->ib, p, left);
    }
    c->ilen = left;
    if (th->c_recv != r0) {
      if (!th->t_first_recv) th->t_first_recv = now;
      th->t_last_recv = now;
    }
    if (pending(c) && conn_flush(c) < 0) return;
    if ((u32)got < want && !c->ssl) break;   // TLS may hold more that epoll does not know of
  }
}

// ------------------------------------------------------------------ connecting
static void conn_start(conn *c) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket: %s (raise ulimit -n)", strerror(errno));
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (o.rcvbuf) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &o.rcvbuf, sizeof o.rcvbuf);
  if (o.sndbuf) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &o.sndbuf, sizeof o.sndbuf);
  if (c->kind == K_IDLE && (ntohl(g_addr.sin_addr.s_addr) >> 24) == 127) {
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    struct sockaddr_in s = {.sin_family = AF_INET};
    s.sin_addr.s_addr = htonl(0x7f000000u + g_srcbase + c->idx / (u32)o.per_src);
    if (bind(fd, (struct sockaddr *)&s, sizeof s)) die("bind: %s", strerror(errno));
  }
  c->fd = fd;
  c->st = S_CONNECTING;
  c->out_armed = 1;
  struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  epoll_ctl(c->th->ep, EPOLL_CTL_ADD, fd, &e);
  if (connect(fd, (struct sockaddr *)&g_addr, sizeof g_addr) && errno != EINPROGRESS) conn_lost(c, strerror(errno));
}

static void ws_request(conn *c) {
  char b[512];
  int n = snprintf(b, sizeof b,
                   "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: bXF0dGxvYWQgYmVuY2hteA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
                   o.ws_path, o.host, o.port);
  c->st = S_UPGRADE;
  if (raw_send(c, (u8 *)b, (u32)n) != n) conn_lost(c, "upgrade request not sent");
}
// the answer to the upgrade request ends with an empty line; frames may follow it
static void ws_answer(thr *th, conn *c) {
  u8 *b = th->rbuf;
  if (c->ilen) memcpy(b, c->ib, c->ilen);
  ssize_t n = raw_recv(c, b + c->ilen, 4096 - c->ilen);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) { conn_lost(c, "closed in the WebSocket handshake"); return; }
  u32 len = c->ilen + (u32)n;
  if (!memmem(b, len, "\r\n\r\n", 4)) {
    if (len >= 4096) { conn_lost(c, "bad WebSocket answer"); return; }
    if (!c->ib) c->ib = malloc(c->icap = 4096);
    memcpy(c->ib, b, len);
    c->ilen = len;
    return;
  }
  c->ilen = 0;
  if (len < 12 || memcmp(b + 8, " 101", 4)) { conn_lost(c, "WebSocket refused"); return; }
  send_connect(c);
}
static void tls_step(conn *c) {
#ifdef WITH_TLS
  errno = 0;
  int r = SSL_connect(c->ssl);
  if (r == 1) {
    ep_mod(c, 0);
    if (o.ws) ws_request(c); else send_connect(c);
    return;
  }
  int e = SSL_get_error(c->ssl, r);
  if (e == SSL_ERROR_WANT_WRITE) ep_mod(c, 1);
  else if (e == SSL_ERROR_WANT_READ) ep_mod(c, 0);
  else { ERR_clear_error(); conn_lost(c, "TLS handshake"); }
#else
  conn_lost(c, "no TLS in this build");
#endif
}
static void transport_open(conn *c) {
  ep_mod(c, 0);
#ifdef WITH_TLS
  if (o.tls) {
    c->ssl = SSL_new(g_tls);
    SSL_set_fd(c->ssl, c->fd);
    c->st = S_TLS;
    tls_step(c);
    return;
  }
#endif
  if (o.ws) ws_request(c); else send_connect(c);
}
static void tls_init(void) {
#ifdef WITH_TLS
  if (!o.tls) return;
  g_tls = SSL_CTX_new(TLS_client_method());
  if (!g_tls) die("no TLS context");
  SSL_CTX_set_verify(g_tls, SSL_VERIFY_NONE, NULL);   // a throw-away certificate: what counts is the work
  SSL_CTX_set_mode(g_tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
#else
  if (o.tls) die("built without TLS");
#endif
}

static void step(thr *th, int timeout_ms) {
  struct epoll_event ev[512];
  int n;
  if (th->rate > 0 && timeout_ms >= 0 && !g_stop_pub) {
    u64 due = rate_due(th, th->due_n), now = now_ns();
    if (o.spin || due <= now) n = epoll_wait(th->ep, ev, 512, 0);
    else {
      u64 d = due - now;
      if (d > (u64)timeout_ms * 1000000ull) d = (u64)timeout_ms * 1000000ull;
      struct timespec ts = {(time_t)(d / 1000000000ull), (long)(d % 1000000000ull)};
      n = epoll_pwait2(th->ep, ev, 512, &ts, NULL);
    }
  } else n = epoll_wait(th->ep, ev, 512, o.spin ? 0 : timeout_ms);
  if (n < 0) n = 0;
  if (th->epoch != g_epoch) {
    th->epoch = g_epoch;
    memset(&th->lat, 0, sizeof th->lat);
    memset(&th->ack, 0, sizeof th->ack);
  }
  for (int i = 0; i < n; i++) {
    conn *c = ev[i].data.ptr;
    u32 e = ev[i].events;
    if (c->fd < 0) continue;
    if (c->st == S_CONNECTING) {
      int err = 0;
      socklen_t l = sizeof err;
      getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &l);
      if (err) { conn_lost(c, strerror(err)); continue; }
      if (!(e & EPOLLOUT)) continue;
      transport_open(c);
      continue;
    }
    if (c->st == S_TLS) { tls_step(c); continue; }
    if (c->st == S_UPGRADE) { ws_answer(th, c); continue; }
    if (e & (EPOLLIN | EPOLLHUP | EPOLLERR)) { conn_read(th, c); if (c->fd < 0) continue; }
    if (e & EPOLLOUT) {
      if (pending(c)) { if (conn_flush(c)) continue; }
      if (c->kind == K_PUB && g_t0) pub_fill(c); else ep_mod(c, 0);
    }
  }
  if (g_t0 && !g_stop_pub) {
    if (th->rate > 0) {
      u64 now = now_ns();
      while (rate_due(th, th->due_n) <= now) {
        conn *c = th->pubs[th->due_n % th->npubs];
        c->p->credit++;
        kick(c);
        th->due_n++;
      }
    }
    if (!o.qos && o.window && o.threads > 1)
      for (u32 i = 0; i < th->npubs; i++) kick(th->pubs[i]);
    if (!o.qos && o.window) {                 // closed loop at QoS 0: losses must not block it
      u64 now = now_ns();
      if (th->c_unique != th->last_recv_seen) { th->last_recv_seen = th->c_unique; th->last_progress = now; }
      else if (th->last_progress && now - th->last_progress > 250000000ull) {
        for (u32 i = 0; i < th->npubs; i++) {
          pubx *x = th->pubs[i]->p;
          u64 d = x->fan ? x->delivered / x->fan : 0;
          if (x->sent > d + x->written_off) { x->written_off = x->sent - d; th->c_stall++; kick(th->pubs[i]); }
        }
        th->last_progress = now;
      }
    }
  }
  for (u32 i = 0; i < th->nkick; i++) {
    conn *c = th->kicked[i];
    c->kick = 0;
    if (g_t0) pub_fill(c);
    else if (pending(c)) conn_flush(c);
  }
  th->nkick = 0;
}
static void *thr_main(void *a) {
  thr *th = a;
  prctl(PR_SET_TIMERSLACK, 1);
  for (u32 i = 0; i < th->npubs; i++) if (th->rate <= 0) pub_fill(th->pubs[i]);
  while (!g_stop) step(th, 20);
  return NULL;
}

// ------------------------------------------------------------------ /proc
static int g_more[16], g_nmore;          // what --pid lists after its first
typedef struct { double cpu; u64 rss_kb; int procs, threads; } pstat;
static int tree(int root, int *out, int max) {
  static int pid[65536], pp[65536];
  int n = 0, k = 0;
  DIR *d = opendir("/proc");
  if (!d) return 0;
  struct dirent *e;
  while ((e = readdir(d)) && n < 65536) {
    if (e->d_name[0] < '0' || e->d_name[0] > '9') continue;
    char f[300], b[512];
    snprintf(f, sizeof f, "/proc/%s/stat", e->d_name);
    int fd = open(f, O_RDONLY);
    if (fd < 0) continue;
    ssize_t r = read(fd, b, sizeof b - 1);
    close(fd);
    if (r <= 0) continue;
    b[r] = 0;
    char *q = strrchr(b, ')');
    int ppid = 0;
    if (!q || sscanf(q + 2, "%*c %d", &ppid) != 1) continue;
    pid[n] = atoi(e->d_name);
    pp[n++] = ppid;
  }
  closedir(d);
  out[k++] = root;
  for (int i = 0; i < g_nmore && k < max; i++) out[k++] = g_more[i];
  for (int i = 0; i < k; i++)
    for (int j = 0; j < n && k < max; j++) {
      if (pp[j] != out[i]) continue;
      int l = 0;
      while (l < k && out[l] != pid[j]) l++;
      if (l == k) out[k++] = pid[j];
    }
  return k;
}
static pstat proc_stat(int root, int precise) {
  pstat s = {0};
  if (!root) return s;
  int p[1024], n = tree(root, p, 1024);
  long hz = sysconf(_SC_CLK_TCK), pg = sysconf(_SC_PAGESIZE) / 1024;
  for (int i = 0; i < n; i++) {
    char f[64], b[1024];
    snprintf(f, sizeof f, "/proc/%d/stat", p[i]);
    int fd = open(f, O_RDONLY);
    if (fd < 0) continue;
    ssize_t r = read(fd, b, sizeof b - 1);
    close(fd);
    if (r <= 0) continue;
    b[r] = 0;
    char *q = strrchr(b, ')');
    unsigned long ut = 0, st = 0;
    long nth = 0, rss = 0;
    if (!q || sscanf(q + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %ld %*d %*u %*u %ld", &ut, &st, &nth, &rss) < 4) continue;
    s.cpu += (double)(ut + st) / (double)hz;
    s.procs++;
    s.threads += (int)nth;
    u64 kb = (u64)rss * (u64)pg;
    if (precise) {
      snprintf(f, sizeof f, "/proc/%d/smaps_rollup", p[i]);
      FILE *fp = fopen(f, "r");
      if (fp) {
        char line[256];
        unsigned long v;
        while (fgets(line, sizeof line, fp)) if (sscanf(line, "Rss: %lu", &v) == 1) { kb = v; break; }
        fclose(fp);
      }
    }
    s.rss_kb += kb;
  }
  return s;
}
static int g_tree[1024], g_ntree;
static u64 rss_fast(void) {              // no /proc scan: must not disturb the latency being measured
  u64 kb = 0;
  long pg = sysconf(_SC_PAGESIZE) / 1024;
  for (int i = 0; i < g_ntree; i++) {
    char f[64], b[128];
    snprintf(f, sizeof f, "/proc/%d/statm", g_tree[i]);
    int fd = open(f, O_RDONLY);
    if (fd < 0) continue;
    ssize_t r = read(fd, b, sizeof b - 1);
    close(fd);
    if (r <= 0) continue;
    b[r] = 0;
    unsigned long rss = 0;
    if (sscanf(b, "%*u %lu", &rss) == 1) kb += (u64)rss * (u64)pg;
  }
  return kb;
}
static double self_cpu(void) {
  struct rusage r, ch;
  getrusage(RUSAGE_SELF, &r);
  getrusage(RUSAGE_CHILDREN, &ch);
  return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec + ch.ru_utime.tv_sec + ch.ru_stime.tv_sec) +
         (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec + ch.ru_utime.tv_usec + ch.ru_stime.tv_usec) / 1e6;
}

// ------------------------------------------------------------------ load + drain
typedef struct { double busy, soft, steal; } mstat;
static mstat machine(void) {             // whole machine, seconds: to see other load during a run
  mstat m = {0};
  FILE *f = fopen("/proc/stat", "r");
  if (!f) return m;
  unsigned long long u, n, s, i, w, q, so, st;
  if (fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &u, &n, &s, &i, &w, &q, &so, &st) == 8) {
    double hz = (double)sysconf(_SC_CLK_TCK);
    m.busy = (double)(u + n + s) / hz;
    m.soft = (double)(q + so) / hz;
    m.steal = (double)st / hz;
  }
  fclose(f);
  return m;
}
typedef struct { u64 t, sent, acked, recv, uniq; double gcpu; pstat b; mstat m; } snap;
static snap take(int precise) {
  snap s = {.t = now_ns(), .gcpu = self_cpu(), .b = proc_stat(o.pid, precise), .m = machine()};
  for (int i = 0; i < o.threads; i++) { s.sent += T[i].c_sent; s.acked += T[i].c_acked; s.recv += T[i].c_recv; s.uniq += T[i].c_unique; }
  return s;
}
static u64 sumc(size_t off) {
  u64 v = 0;
  for (int i = 0; i < o.threads; i++) v += *(volatile u64 *)((char *)&T[i] + off);
  return v;
}
#define SUMC(f) sumc(offsetof(thr, f))
#include <stddef.h>

static void setup(conn *v, u32 n, const char *what) {
  // connect v[0..n) and wait until all are ready
  u32 started = 0;
  u64 t0 = now_ns(), base = SUMC(c_ready), fail0 = SUMC(c_fail);
  for (;;) {
    u64 ready = SUMC(c_ready) - base;
    if (SUMC(c_fail) > fail0) die("could not set up all %s", what);
    if (ready >= n) break;
    while (started < n && started - ready < (u64)o.burst) conn_start(&v[started++]);
    for (int i = 0; i < o.threads; i++) step(&T[i], o.threads == 1 ? 10 : 0);
    if (now_ns() - t0 > 120000000000ull) die("timeout setting up %s (%" PRIu64 "/%u)", what, ready, n);
  }
}
static void bye(conn *c) {
  if (c->fd < 0) return;
  if (c->st > S_UPGRADE && c->st < S_CLOSED) {
    u8 *d = out_room(c, 2);
    d[0] = 0xe0;
    d[1] = 0;
    c->olen += 2;
    conn_flush(c);
  }
  if (c->fd >= 0) shutdown(c->fd, SHUT_WR);
  conn_close(c);
}
static void out_hist(const char *k, const hist *h) {
  printf(",\"%s\":{\"n\":%" PRIu64 ",\"mean\":%.1f,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", k, h->n,
         h->n ? h->sum / (double)h->n / 1e3 : 0, hist_pct(h, 50) / 1e3, hist_pct(h, 90) / 1e3, hist_pct(h, 99) / 1e3, hist_pct(h, 99.9) / 1e3, (double)h->max / 1e3);
}

// One line for each interval: what was delivered in it and how long that took. Threads are read as they run.
static void out_interval(double at) {
  static hist last, sum, now;
  static u64 last_sent, last_unique;
  memset(&sum, 0, sizeof sum);
  for (int i = 0; i < o.threads; i++) hist_merge(&sum, &T[i].lat);
  now = sum;
  if (sum.n >= last.n) {                   // else a new epoch has begun
    for (u32 i = 0; i < HN; i++) now.b[i] -= last.b[i];
    now.n -= last.n;
    now.sum -= last.sum;
    for (u32 i = HN; i-- > 0;) if (now.b[i]) { now.max = (u64)hist_val(i); break; }
  }
  last = sum;
  u64 sent = SUMC(c_sent), unique = SUMC(c_unique);
  printf("{\"mode\":\"interval\",\"at_s\":%.3f,\"sent\":%" PRIu64 ",\"delivered\":%" PRIu64, at, sent - last_sent, unique - last_unique);
  out_hist("lat_us", &now);
  printf("}\n");
  fflush(stdout);
  last_sent = sent;
  last_unique = unique;
}

static int run_load(void) {
  bool drain = o.retained || !strcmp(o.mode, "drain");
  if (drain) o.threads = 1;
  T = calloc((size_t)o.threads, sizeof *T);
  PUB = calloc((size_t)o.pubs, sizeof *PUB);
  SUB = calloc((size_t)(o.subs ? o.subs : 1), sizeof *SUB);
  for (int i = 0; i < o.threads; i++) {
    thr *t = &T[i];
    t->id = i;
    t->ep = epoll_create1(EPOLL_CLOEXEC);
    t->rcap = 1u << 19;
    while (t->rcap < 4u * (u32)o.payload) t->rcap *= 2;
    t->rbuf = malloc(t->rcap);
    t->pubs = calloc((size_t)o.pubs + 1, sizeof *t->pubs);
    t->subs = calloc((size_t)o.subs + 1, sizeof *t->subs);
    t->kicked = calloc((size_t)o.pubs + 1, sizeof *t->kicked);
  }
  u64 total_quota = o.messages ? o.messages : UINT64_MAX;
  for (u32 i = 0; i < (u32)o.pubs; i++) {
    conn *c = &PUB[i];
    c->fd = -1;
    c->kind = K_PUB;
    c->idx = i;
    c->th = &T[i % (u32)o.threads];
    c->th->pubs[c->th->npubs++] = c;
    u64 q = o.messages ? o.messages / (u64)o.pubs + (i < o.messages % (u64)o.pubs) : UINT32_MAX;
    pub_init(c, (u32)o.window, q);
    for (u32 s = 0; s < (u32)o.subs; s++) if (sub_matches(s, i)) c->p->fan++;
    if (o.pattern == PAT_SHARE) c->p->fan = o.subs ? 1 : 0;
  }
  (void)total_quota;
  if (o.pattern == PAT_SHARE) {
    u64 per = o.messages ? o.messages / (u64)o.pubs + 1 : (u64)(64u << 20) / (u64)o.pubs;
    share_words = per / 64 + 1;
    share_bits = calloc((size_t)o.pubs * share_words, 8);
    if (!share_bits) die("out of memory");
  }
  for (u32 i = 0; i < (u32)o.subs; i++) {
    conn *c = &SUB[i];
    c->fd = -1;
    c->kind = K_SUB;
    c->idx = i;
    c->th = &T[i % (u32)o.threads];
    c->th->subs[c->th->nsubs++] = c;
    subx *s = calloc(1, sizeof *s);
    s->n = o.pattern == PAT_OWN ? (o.subs >= o.pubs ? 1u : (u32)(o.pubs / o.subs + 1)) : (u32)o.pubs;
    s->t = calloc(s->n, sizeof *s->t);
    s->last = calloc(o.pattern == PAT_SHARE ? (size_t)o.pubs : 1, sizeof *s->last);
    if (o.topics > 1 && !o.retained) s->order = calloc((size_t)s->n * (size_t)o.topics, sizeof *s->order);
    c->s = s;
  }
  for (int i = 0; i < o.threads; i++) T[i].rate = o.rate > 0 ? o.rate * T[i].npubs / o.pubs : 0;
  prctl(PR_SET_TIMERSLACK, 1);

  pstat b_start = proc_stat(o.pid, 1);
  double enq_s = 0, enq_cpu = 0, enq_rss = 0;
  u64 enq_n = 0, t_conn = 0, t_first = 0;
  snap A = {0}, B = {0}, E;
  u64 peak = b_start.rss_kb;

  if (drain) {
    // phase 1 subscribe, phase 2 publish, phase 3 reconnect and receive; --phase picks one
    int ph = o.phase;
    if (!o.retained && (ph == 0 || ph == 1)) {
      o.phase = 1;
      setup(SUB, (u32)o.subs, "subscribers");
      for (int i = 0; i < o.subs; i++) bye(&SUB[i]);
      usleep(200000);
    }
    if (ph == 0 || ph == 2) {
      o.phase = 2;
      setup(PUB, (u32)o.pubs, "publishers");
      double c0 = proc_stat(o.pid, 0).cpu;
      g_t0 = now_ns();
      for (int i = 0; i < o.pubs; i++) if (T[0].rate <= 0) pub_fill(&PUB[i]);
      u64 lim = g_t0 + (u64)(o.drain_timeout * 1e9);
      while ((o.qos ? T[0].c_acked : T[0].c_sent) < o.messages && now_ns() < lim && !T[0].c_disc) step(&T[0], 10);
      enq_s = (double)((o.qos ? T[0].t_last_ack : now_ns()) - g_t0) / 1e9;
      enq_n = o.qos ? T[0].c_acked : T[0].c_sent;
      for (int i = 0; i < o.pubs; i++) bye(&PUB[i]);
      usleep(200000);
      pstat q = proc_stat(o.pid, 1);
      enq_cpu = q.cpu - c0;
      enq_rss = (double)q.rss_kb;
    }
    if (ph == 0 || ph == 3) {
      o.phase = 3;
      memset(&T[0].lat, 0, sizeof(hist));
      for (int i = 0; i < o.pubs; i++) PUB[i].p->sent = PUB[i].p->quota;
      T[0].c_sent = o.messages;
      A = take(0);
      t_conn = now_ns();
      if (!g_t0) g_t0 = t_conn;
      g_stop_pub = 1;
      setup(SUB, (u32)o.subs, "subscribers (again)");
      u64 expect = o.messages * (o.pattern == PAT_OWN ? PUB[0].p->fan : o.pattern == PAT_SHARE ? 1 : (u64)o.subs);
      u64 last = now_ns(), seen = 0;
      while (T[0].c_unique < expect) {
        step(&T[0], 10);
        if (T[0].c_recv != seen) { seen = T[0].c_recv; last = now_ns(); }
        else if (now_ns() - last > (u64)(o.idle_timeout * 1e9)) break;
        if (now_ns() - t_conn > (u64)(o.drain_timeout * 1e9)) break;
      }
      // one more moment for duplicates
      u64 t = now_ns();
      B = take(0);
      while (now_ns() - t < 200000000ull) step(&T[0], 10);
      t_first = T[0].t_first_recv;
    }
    E = take(1);
    if (ph == 1 || ph == 2) {
      printf("{\"label\":\"%s\",\"mode\":\"drain\",\"phase\":%d,\"run_id\":%u,\"enqueued\":%" PRIu64 ",\"enqueue_s\":%.4f,\"enqueue_rate\":%.0f,\"disconnects\":%" PRIu64 "}\n",
             o.label, ph, g_run, enq_n, enq_s, enq_s > 0 ? (double)enq_n / enq_s : 0, SUMC(c_disc));
      return 0;
    }
  } else {
    if (o.subs) setup(SUB, (u32)o.subs, "subscribers");
    setup(PUB, (u32)o.pubs, "publishers");
    if (o.interval > 0 && !o.quiet) fprintf(stderr, "mqttload: set up\n");
    b_start = proc_stat(o.pid, 1);
    peak = b_start.rss_kb;
    if (o.pid) g_ntree = tree(o.pid, g_tree, 1024);
    g_t0 = now_ns() + (o.rate > 0 ? 1000000 : 0);
    if (o.threads > 1) for (int i = 0; i < o.threads; i++) pthread_create(&T[i].pt, NULL, thr_main, &T[i]);
    else for (int i = 0; i < o.pubs; i++) if (T[0].rate <= 0) pub_fill(&PUB[i]);
    u64 fan_all = 0;
    (void)fan_all;
    u64 t_end = o.duration > 0 ? g_t0 + (u64)(o.duration * 1e9) : UINT64_MAX;
    u64 t_warm = g_t0 + (u64)(o.warmup * 1e9), t_rss = g_t0;
    bool haveA = o.warmup <= 0, haveB = false;
    if (haveA) A = take(0);
    u64 last = 0, seen = 0, next_check = 0;
    u64 step_ns = (u64)(o.interval * 1e9), t_interval = g_t0 + step_ns;
    for (;;) {
      if (o.threads == 1) step(&T[0], 10); else usleep(2000);
      u64 now = now_ns();
      if (now < next_check) continue;
      next_check = now + 1000000;
      if (!haveA && now >= t_warm) { A = take(0); g_epoch++; haveA = true; }
      if (step_ns && now >= t_interval) {
        out_interval((double)(now - g_t0) / 1e9);
        t_interval += step_ns;
      }
      if (now >= t_rss) {
        u64 kb = rss_fast();
        if (kb > peak) peak = kb;
        t_rss = now + 500000000ull;
      }
      if (!haveB) {
        bool done = now >= t_end;
        if (o.messages && SUMC(c_sent) >= o.messages) done = true;
        u64 pr = SUMC(c_sent) + SUMC(c_acked) + SUMC(c_recv);   // nothing moves any more: give up
        if (pr != seen) { seen = pr; last = now; }
        else if (last && now - last > (u64)(o.idle_timeout * 1e9) && o.rate <= 0) { done = true; g_stuck = 1; }
        if (done) {
          g_stop_pub = 1;
          if (!haveA) { A = take(0); haveA = true; }
          B = take(0);
          haveB = true;
          last = now;
          seen = B.recv;
        }
        continue;
      }
      // tail: wait for acks and deliveries
      u64 exp = 0, ackw = 0;
      for (int i = 0; i < o.pubs; i++) { exp += PUB[i].p->sent * PUB[i].p->fan; ackw += PUB[i].p->inflight; }
      if (SUMC(c_unique) >= exp && ackw == 0) break;
      u64 r = SUMC(c_recv) + SUMC(c_acked);
      if (r != seen) { seen = r; last = now; }
      else if (now - last > (u64)(o.idle_timeout * 1e9)) break;
      if (now - B.t > (u64)(o.drain_timeout * 1e9)) break;
    }
    // a moment for late duplicates
    u64 t = now_ns();
    while (now_ns() - t < 100000000ull) { if (o.threads == 1) step(&T[0], 10); else usleep(5000); }
    g_stop = 1;
    if (o.threads > 1) for (int i = 0; i < o.threads; i++) pthread_join(T[i].pt, NULL);
    E = take(1);
  }
  // accounting
  u64 expected = 0, sent = 0, missing = 0;
  for (int i = 0; i < o.pubs; i++) { sent += PUB[i].p->sent; expected += PUB[i].p->sent * PUB[i].p->fan; }
  if (o.pattern == PAT_SHARE) missing = expected - SUMC(c_unique);
  else
    for (int s = 0; s < o.subs; s++)
      for (int p = 0; p < o.pubs; p++) {
        int ti = trk_index((u32)s, (u32)p);
        if (ti >= 0) missing += trk_missing(&SUB[s].s->t[ti], PUB[p].p->sent);
      }
  hist *lat = calloc(1, sizeof *lat), *ack = calloc(1, sizeof *ack);
  u64 tl = 0, tf = UINT64_MAX;
  for (int i = 0; i < o.threads; i++) {
    hist_merge(lat, &T[i].lat);
    hist_merge(ack, &T[i].ack);
    if (T[i].t_last_recv > tl) tl = T[i].t_last_recv;
    if (T[i].t_first_recv && T[i].t_first_recv < tf) tf = T[i].t_first_recv;
  }
  double win = (double)(B.t - A.t) / 1e9;
  u64 tbase = drain ? t_conn : A.t;
  double span = tl > tbase ? (double)(tl - tbase) / 1e9 : 0;
  double rate_all = span > 0 ? (double)(E.uniq - A.uniq) / span : 0;
  int sp = 0;
  for (int i = 0; i < o.subs; i++) sp += SUB[i].session_present;
  printf("{\"label\":\"%s\",\"mode\":\"%s\",\"proto\":%d,\"pattern\":\"%s\",\"pubs\":%d,\"subs\":%d,\"qos\":%d,\"sub_qos\":%d,\"payload\":%d,\"window\":%d,\"rate_target\":%.0f,\"threads\":%d",
         o.label, o.mode, o.proto, pat_name[o.pattern], o.pubs, o.subs, o.qos, o.subqos, o.payload, o.window, o.rate, o.threads);
  printf(",\"published\":%" PRIu64 ",\"acked\":%" PRIu64 ",\"expected\":%" PRIu64 ",\"received\":%" PRIu64 ",\"unique\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"dup\":%" PRIu64 ",\"out_of_order\":%" PRIu64 ",\"corrupt\":%" PRIu64 ",\"foreign\":%" PRIu64 ",\"unexpected\":%" PRIu64 ",\"protocol_errors\":%" PRIu64 ",\"nacks\":%" PRIu64 ",\"disconnects\":%" PRIu64 ",\"stalls\":%" PRIu64 ",\"stuck\":%d,\"aliased\":%" PRIu64,
         sent, SUMC(c_acked), expected, SUMC(c_recv), SUMC(c_unique), missing, SUMC(c_dup), SUMC(c_late), SUMC(c_corrupt), SUMC(c_foreign), SUMC(c_unexpected), SUMC(c_proto), SUMC(c_nack), SUMC(c_disc), SUMC(c_stall), g_stuck, SUMC(c_aliased));
  if (drain)
    printf(",\"enqueued\":%" PRIu64 ",\"enqueue_s\":%.4f,\"enqueue_rate\":%.0f,\"enqueue_broker_cpu_s\":%.3f,\"queued_rss_kb\":%.0f,\"queued_bytes_per_msg\":%.0f,\"sessions_present\":%d,\"first_msg_ms\":%.2f,\"drain_s\":%.4f,\"drain_rate\":%.0f",
           enq_n, enq_s, enq_s > 0 ? (double)enq_n / enq_s : 0, enq_cpu, enq_rss, enq_n ? (enq_rss - (double)b_start.rss_kb) * 1024 / (double)enq_n : 0, sp, t_first > t_conn ? (double)(t_first - t_conn) / 1e6 : 0, span, rate_all);
  printf(",\"window_s\":%.3f,\"pub_rate\":%.0f,\"deliv_rate\":%.0f,\"deliv_rate_incl_tail\":%.0f", win, win > 0 ? (double)(B.sent - A.sent) / win : 0,
         win > 0 ? (double)(B.uniq - A.uniq) / win : 0, rate_all);
  out_hist("lat_us", lat);
  if (o.qos) out_hist("ack_us", ack);
  double gw = win > 0 ? (B.gcpu - A.gcpu) / win * 100 : 0;
  printf(",\"gen_cpu_s\":%.3f,\"gen_cpu_pct\":%.1f,\"syscalls\":{\"recv\":%" PRIu64 ",\"send\":%" PRIu64 "}", E.gcpu, gw, SUMC(c_rd), SUMC(c_wr));
  double mb = win > 0 ? (B.m.busy - A.m.busy) / win * 100 : 0, bw = win > 0 ? (B.b.cpu - A.b.cpu) / win * 100 : 0;
  printf(",\"machine\":{\"busy_pct\":%.1f,\"softirq_pct\":%.1f,\"steal_pct\":%.1f,\"other_pct\":%.1f}", mb,
         win > 0 ? (B.m.soft - A.m.soft) / win * 100 : 0, win > 0 ? (B.m.steal - A.m.steal) / win * 100 : 0, mb + (win > 0 ? (B.m.soft - A.m.soft) / win * 100 : 0) - gw - bw);
  if (o.pid)
    printf(",\"broker_cpu_s\":%.3f,\"broker_cpu_pct\":%.1f,\"broker_cpu_us_per_msg\":%.3f,\"broker_procs\":%d,\"broker_threads\":%d,\"broker_rss_start_kb\":%" PRIu64 ",\"broker_rss_end_kb\":%" PRIu64 ",\"broker_rss_peak_kb\":%" PRIu64,
           E.b.cpu - b_start.cpu, win > 0 ? (B.b.cpu - A.b.cpu) / win * 100 : 0, B.uniq > A.uniq ? (B.b.cpu - A.b.cpu) * 1e6 / (double)(B.uniq - A.uniq) : 0,
           E.b.procs, E.b.threads, b_start.rss_kb, E.b.rss_kb, peak > E.b.rss_kb ? peak : E.b.rss_kb);
  printf("}\n");
  for (int i = 0; i < o.pubs; i++) bye(&PUB[i]);
  for (int i = 0; i < o.subs; i++) bye(&SUB[i]);
  if (o.cleanup && !o.clean) {           // remove the persistent sessions
    o.clean = 1;
    for (int i = 0; i < o.subs; i++) {
      char id[128];
      snprintf(id, sizeof id, "%s-s%u", o.prefix, i);
      int fd = socket(AF_INET, SOCK_STREAM, 0);
      struct timeval tv = {3, 0};
      if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
      if (fd < 0 || connect(fd, (struct sockaddr *)&g_addr, sizeof g_addr)) { if (fd >= 0) close(fd); continue; }
      u8 b[256], *p = b + 2;
      p = put_str(p, "MQTT");
      *p++ = 4;
      *p++ = (u8)(2 | (o.user ? 128 : 0) | (o.pass ? 64 : 0));
      put16(p, 60);
      p += 2;
      p = put_str(p, id);
      if (o.user) p = put_str(p, o.user);
      if (o.pass) p = put_str(p, o.pass);
      b[0] = 0x10;
      b[1] = (u8)(p - b - 2);
      ssize_t r = send(fd, b, (size_t)(p - b), MSG_NOSIGNAL);
      r = recv(fd, b, 4, 0);
      (void)r;
      close(fd);
    }
  }
  return 0;
}

// ------------------------------------------------------------------ idle connections
typedef struct { _Atomic u64 ready, fail, disc, t_done; _Atomic int go, hold_done; } shm;
static void conn_worker(shm *sh, int w, int lo, int hi) {
  o.threads = 1;
  T = calloc(1, sizeof *T);
  T[0].ep = epoll_create1(EPOLL_CLOEXEC);
  T[0].rcap = 65536;
  T[0].rbuf = malloc(T[0].rcap);
  T[0].kicked = calloc(1, sizeof(conn *));
  int n = hi - lo;
  conn *v = calloc((size_t)n, sizeof *v);
  for (int i = 0; i < n; i++) { v[i].fd = -1; v[i].kind = K_IDLE; v[i].idx = (u32)(lo + i); v[i].th = &T[0]; }
  int started = 0;
  while (!atomic_load(&sh->go)) usleep(500);
  u64 pr = 0, pf = 0, t0 = now_ns();
  while (T[0].c_ready + T[0].c_fail < (u64)n) {
    u64 done = T[0].c_ready + T[0].c_fail;
    while (started < n && (u64)started - done < (u64)o.burst) conn_start(&v[started++]);
    step(&T[0], 10);
    atomic_fetch_add(&sh->ready, T[0].c_ready - pr);
    pr = T[0].c_ready;
    atomic_fetch_add(&sh->fail, T[0].c_fail - pf);
    pf = T[0].c_fail;
    if (now_ns() - t0 > 300000000000ull) break;
  }
  atomic_store(&sh->t_done, now_ns());
  // hold, with keep-alive pings spread over 70% of the keep-alive
  u64 h0 = now_ns();
  int nextp = 0;
  double gap = o.keepalive > 0 ? o.keepalive * 0.7e9 / n : 0;
  while (!atomic_load(&sh->hold_done)) {
    step(&T[0], 20);
    if (gap > 0) {
      u64 due = (u64)((double)(now_ns() - h0) / gap);
      while ((u64)nextp < due) {
        conn *c = &v[nextp++ % n];
        if (c->st == S_READY) { u8 *q = out_room(c, 2); q[0] = 0xc0; q[1] = 0; c->olen += 2; conn_flush(c); }
      }
    }
  }
  atomic_fetch_add(&sh->disc, T[0].c_disc);
  for (int i = 0; i < n; i++) bye(&v[i]);
  (void)w;
  _exit(0);
}
static int run_conns(void) {
  struct rlimit rl;
  getrlimit(RLIMIT_NOFILE, &rl);
  int cap = (int)rl.rlim_cur - 64;
  int procs = o.procs ? o.procs : o.leave ? 1 : (o.conns + cap - 1) / cap;
  shm *sh = mmap(NULL, sizeof *sh, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t *kid = calloc((size_t)procs, sizeof *kid);
  for (int i = 0; i < procs; i++) {
    int lo = (int)((int64_t)o.conns * i / procs), hi = (int)((int64_t)o.conns * (i + 1) / procs);
    kid[i] = fork();
    if (kid[i] == 0) { prctl(PR_SET_PDEATHSIG, SIGKILL); conn_worker(sh, i, lo, hi); }
  }
  usleep(100000);
  pstat b0 = proc_stat(o.pid, 1);
  u64 t0 = now_ns(), peak = b0.rss_kb;
  atomic_store(&sh->go, 1);
  while (sh->ready + sh->fail < (u64)o.conns) {
    usleep(5000);
    if (now_ns() - t0 > 300000000000ull) break;
  }
  double secs = (double)((sh->t_done ? sh->t_done : now_ns()) - t0) / 1e9;
  if (!o.quiet) fprintf(stderr, "mqttload: set up\n");
  pstat b1 = proc_stat(o.pid, 0);
  usleep((useconds_t)(o.settle * 1e6));
  pstat b2 = proc_stat(o.pid, 1);
  double h0 = (double)now_ns();
  usleep((useconds_t)(o.hold * 1e6));
  pstat b3 = proc_stat(o.pid, 1);
  double hs = ((double)now_ns() - h0) / 1e9;
  if (b3.rss_kb > peak) peak = b3.rss_kb;
  atomic_store(&sh->hold_done, 1);
  for (int i = 0; i < procs; i++) waitpid(kid[i], NULL, 0);
  usleep(1000000);
  pstat b4 = proc_stat(o.pid, 1);
  double d = ((double)b3.rss_kb - (double)b0.rss_kb) * 1024 / (double)(sh->ready ? sh->ready : 1);
  printf("{\"label\":\"%s\",\"mode\":\"connections\",\"proto\":%d,\"requested\":%d,\"ready\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"subscribe\":%d,\"procs\":%d,\"connect_s\":%.3f,\"connect_rate\":%.0f,\"gen_cpu_s\":%.3f",
         o.label, o.proto, o.conns, sh->ready, sh->fail, sh->disc, o.subscribe, procs, secs, (double)sh->ready / secs, self_cpu());
  if (o.pid)
    printf(",\"broker_cpu_connect_s\":%.3f,\"broker_rss_before_kb\":%" PRIu64 ",\"broker_rss_connected_kb\":%" PRIu64 ",\"broker_rss_settled_kb\":%" PRIu64 ",\"broker_rss_held_kb\":%" PRIu64 ",\"rss_bytes_per_conn\":%.0f,\"broker_cpu_hold_pct\":%.2f,\"broker_rss_after_disconnect_kb\":%" PRIu64,
           b1.cpu - b0.cpu, b0.rss_kb, b1.rss_kb, b2.rss_kb, b3.rss_kb, d, (b3.cpu - b2.cpu) / hs * 100, b4.rss_kb);
  printf("}\n");
  return sh->fail ? 1 : 0;
}

// ------------------------------------------------------------------ main
static void usage(void) {
  puts(
      "mqttload [options]\n"
      "  --host H --port N          broker (127.0.0.1:1883)      --user U --pass P\n"
      "  --proto 4|5                MQTT 3.1.1 or 5 (4)          --pid PID,… broker (CPU, RSS of its process trees)\n"
      "  --pubs P --subs S          connections (1, 1)           --label TEXT\n"
      "  --pattern own|one|wild|share|all   own: publisher i on its own topic, subscriber j takes publisher j%P (or, S<P, all i%S==j);\n"
      "                             one: everybody on one topic; wild: subscribers on bench/w/+/t; share: $share/g/...;\n"
      "                             all: subscribers on bench/a/#\n"
      "  --topics N                 topics of each publisher, in turn (1); 'own' subscribes to each by name\n"
      "  --properties N             MQTT 5: expiry, content type, response topic and N user properties on each PUBLISH\n"
      "  --alias N                  MQTT 5: N topic aliases in both directions, as far as the broker allows\n"
      "  --tls | --ws [--ws-path P] TLS (the certificate is not verified), WebSocket, or both\n"
      "  --qos Q [--sub-qos Q]      publish / subscribe QoS\n"
      "  --payload B                bytes, at least 16 (16)      --verify   check every payload byte\n"
      "  --window W                 unacknowledged publishes per publisher (QoS 1/2, default 100);\n"
      "                             at QoS 0 messages published and not yet delivered per publisher, 0 = flood (default)\n"
      "  --messages N | --duration S [--warmup S]                --rate R  total messages/s, open loop, latency from the due time\n"
      "  --interval S               one more line for each S seconds: messages and latency in it\n"
      "  --batch N                  publishes per write at most (512)   --spin  busy-poll (precise latency)\n"
      "  --clean 0|1 [--cleanup]    clean or persistent subscriber sessions; --cleanup removes them afterwards\n"
      "  --recvmax N                MQTT 5 Receive Maximum       --keepalive S   --retain   --prefix ID   --topic ROOT\n"
      "  --threads N  --burst N (connects under way)  --idle-timeout S  --drain-timeout S  --rcvbuf N --sndbuf N --quiet\n"
      "  --mode drain               persistent subscribers off-line, publish --messages, reconnect, receive all\n"
      "  --mode retained            publish --messages retained, then subscribe (--pattern all) and receive them\n"
      "     --phase 1|2|3 --run-id N   only subscribe | publish | receive (to restart the broker in between)\n"
      "  --connections N            open N idle connections; --subscribe (own topic each) --procs K --hold S --settle S --per-src N\n"
      "     --subscriptions M [--wild]   M filters each, with a wildcard   --leave  disconnect when set up (with --clean 0: sessions)");
}
int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  enum { O = 256, HOST, PORT, USER, PASS, PROTO, PIDO, PUBS, SUBS, PATTERN, QOS, SUBQOS, PAYLOAD, VERIFY, WINDOW, MESSAGES, DURATION, WARMUP, RATE, BATCH, SPIN, CLEAN, CLEANUP, RECVMAX, KEEPALIVE, RETAIN, PREFIX, TOPIC, THREADS, BURST, IDLE, DRAINT, RCVBUF, SNDBUF, QUIET, MODE, PHASE, RUNID, CONNS, SUBSCRIBE, PROCS, HOLD, SETTLE, PERSRC, LABEL, TOPICS, PROPERTIES, ALIAS, TLS, WS, WSPATH, SUBSCRIPTIONS, WILD, LEAVE, INTERVAL };
  static struct option L[] = {{"host", 1, 0, HOST}, {"port", 1, 0, PORT}, {"user", 1, 0, USER}, {"pass", 1, 0, PASS}, {"proto", 1, 0, PROTO}, {"pid", 1, 0, PIDO}, {"pubs", 1, 0, PUBS}, {"subs", 1, 0, SUBS}, {"pattern", 1, 0, PATTERN}, {"qos", 1, 0, QOS}, {"sub-qos", 1, 0, SUBQOS}, {"payload", 1, 0, PAYLOAD}, {"verify", 0, 0, VERIFY}, {"window", 1, 0, WINDOW}, {"messages", 1, 0, MESSAGES}, {"duration", 1, 0, DURATION}, {"warmup", 1, 0, WARMUP}, {"rate", 1, 0, RATE}, {"batch", 1, 0, BATCH}, {"spin", 0, 0, SPIN}, {"clean", 1, 0, CLEAN}, {"cleanup", 0, 0, CLEANUP}, {"recvmax", 1, 0, RECVMAX}, {"keepalive", 1, 0, KEEPALIVE}, {"retain", 0, 0, RETAIN}, {"prefix", 1, 0, PREFIX}, {"topic", 1, 0, TOPIC}, {"threads", 1, 0, THREADS}, {"burst", 1, 0, BURST}, {"idle-timeout", 1, 0, IDLE}, {"drain-timeout", 1, 0, DRAINT}, {"rcvbuf", 1, 0, RCVBUF}, {"sndbuf", 1, 0, SNDBUF}, {"quiet", 0, 0, QUIET}, {"mode", 1, 0, MODE}, {"phase", 1, 0, PHASE}, {"run-id", 1, 0, RUNID}, {"connections", 1, 0, CONNS}, {"subscribe", 0, 0, SUBSCRIBE}, {"procs", 1, 0, PROCS}, {"hold", 1, 0, HOLD}, {"settle", 1, 0, SETTLE}, {"per-src", 1, 0, PERSRC}, {"label", 1, 0, LABEL}, {"topics", 1, 0, TOPICS}, {"properties", 1, 0, PROPERTIES}, {"alias", 1, 0, ALIAS}, {"tls", 0, 0, TLS}, {"ws", 0, 0, WS}, {"ws-path", 1, 0, WSPATH}, {"subscriptions", 1, 0, SUBSCRIPTIONS}, {"wild", 0, 0, WILD}, {"leave", 0, 0, LEAVE}, {"interval", 1, 0, INTERVAL}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
  int c, window_set = 0;
  while ((c = getopt_long(argc, argv, "h", L, NULL)) != -1) {
    switch (c) {
    case HOST: o.host = optarg; break;
    case PORT: o.port = atoi(optarg); break;
    case USER: o.user = optarg; break;
    case PASS: o.pass = optarg; break;
    case PROTO: o.proto = atoi(optarg); break;
    case PIDO: {
      char *p = optarg;
      o.pid = (int)strtol(p, &p, 10);
      for (g_nmore = 0; *p == ',' && g_nmore < 16;)
        if ((g_more[g_nmore++] = (int)strtol(p + 1, &p, 10)) <= 0) die("--pid PID[,PID...]");
      if (*p) die("--pid PID[,PID...], at most 17");
      break;
    }
    case PUBS: o.pubs = atoi(optarg); break;
    case SUBS: o.subs = atoi(optarg); break;
    case PATTERN:
      o.pattern = -1;
      for (int i = 0; i < PATTERNS; i++) if (!strcmp(optarg, pat_name[i])) o.pattern = i;
      if (o.pattern < 0) die("unknown pattern %s", optarg);
      break;
    case QOS: o.qos = atoi(optarg); break;
    case SUBQOS: o.subqos = atoi(optarg); break;
    case PAYLOAD: o.payload = atoi(optarg); break;
    case VERIFY: o.verify = 1; break;
    case WINDOW: o.window = atoi(optarg); window_set = 1; break;
    case MESSAGES: o.messages = strtoull(optarg, NULL, 10); break;
    case DURATION: o.duration = atof(optarg); break;
    case WARMUP: o.warmup = atof(optarg); break;
    case RATE: o.rate = atof(optarg); break;
    case BATCH: o.batch = atoi(optarg); break;
    case SPIN: o.spin = 1; break;
    case CLEAN: o.clean = atoi(optarg); break;
    case CLEANUP: o.cleanup = 1; break;
    case RECVMAX: o.recvmax = atoi(optarg); break;
    case KEEPALIVE: o.keepalive = atoi(optarg); break;
    case RETAIN: o.retain = 1; break;
    case PREFIX: o.prefix = optarg; break;
    case TOPIC: o.topic = optarg; break;
    case THREADS: o.threads = atoi(optarg); break;
    case BURST: o.burst = atoi(optarg); break;
    case IDLE: o.idle_timeout = atof(optarg); break;
    case DRAINT: o.drain_timeout = atof(optarg); break;
    case RCVBUF: o.rcvbuf = atoi(optarg); break;
    case SNDBUF: o.sndbuf = atoi(optarg); break;
    case QUIET: o.quiet = 1; break;
    case MODE: o.mode = optarg; break;
    case PHASE: o.phase = atoi(optarg); break;
    case RUNID: o.runid = atoi(optarg); break;
    case CONNS: o.conns = atoi(optarg); o.mode = "connections"; break;
    case SUBSCRIBE: o.subscribe = 1; break;
    case PROCS: o.procs = atoi(optarg); break;
    case HOLD: o.hold = atof(optarg); break;
    case SETTLE: o.settle = atof(optarg); break;
    case PERSRC: o.per_src = atoi(optarg); break;
    case LABEL: o.label = optarg; break;
    case TOPICS: o.topics = atoi(optarg); break;
    case PROPERTIES: o.properties = atoi(optarg); break;
    case ALIAS: o.alias = atoi(optarg); break;
    case TLS: o.tls = 1; break;
    case WS: o.ws = 1; break;
    case WSPATH: o.ws_path = optarg; break;
    case SUBSCRIPTIONS: o.subscriptions = atoi(optarg); o.subscribe = 1; break;
    case WILD: o.wild = 1; break;
    case LEAVE: o.leave = 1; break;
    case INTERVAL: o.interval = atof(optarg); break;
    case 'h': usage(); return 0;
    default: usage(); return 2;
    }
  }
  if (optind < argc) { usage(); return 2; }
  if (o.subqos < 0) o.subqos = o.qos;
  if (!window_set) o.window = o.qos ? 100 : 0;
  if (o.qos && (o.window < 1 || o.window > 65534)) die("--window must be 1..65534 at QoS 1/2");
  if (o.payload < 16) die("--payload must be at least 16");
  if (o.payload > 4 << 20) die("--payload at most 4 MiB");
  if (o.pubs < 1 || o.pubs > 1 << 20) die("--pubs 1..1048576");
  if (o.proto != 4 && o.proto != 5) die("--proto 4 or 5");
  if (o.threads < 1) o.threads = 1;
  if (o.keepalive < 0) o.keepalive = o.conns ? 60 : 600;
  if (o.topics < 1 || o.topics > 1000000) die("--topics 1..1000000");
  if (o.topics > 1 && o.pattern != PAT_OWN && o.pattern != PAT_ALL) die("--topics needs --pattern own or all");
  if (o.subscriptions < 1) die("--subscriptions from 1 on");
  if ((o.properties || o.alias) && o.proto != 5) die("--properties and --alias need --proto 5");
  if (o.properties < 0 || o.properties > 32 || o.alias < 0 || o.alias > 65535) die("--properties 0..32, --alias 0..65535");
  if (o.leave && !o.conns) die("--leave needs --connections");
  if ((o.tls || o.ws) && o.cleanup) die("--cleanup works over TCP only");
  o.retained = !strcmp(o.mode, "retained");
  if (o.retained) { o.retain = o.clean = 1; if (!o.messages) die("--mode retained needs --messages"); }
  make_properties();
  tls_init();
  if (!strcmp(o.mode, "drain")) { o.clean = 0; if (!o.messages) die("--mode drain needs --messages"); }
  else if (!o.conns && !o.messages && o.duration <= 0) o.duration = 5;
  if ((u64)o.messages / (u64)o.pubs > UINT32_MAX - 1) die("too many messages");
  g_run = o.runid >= 0 ? (u32)o.runid & 0xfff : (u32)((now_ns() / 1000) ^ (u64)getpid()) & 0xfff;
  struct addrinfo hint = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *ai;
  if (getaddrinfo(o.host, NULL, &hint, &ai)) die("cannot resolve %s", o.host);
  g_addr = *(struct sockaddr_in *)ai->ai_addr;
  g_addr.sin_port = htons((u16)o.port);
  freeaddrinfo(ai);
  g_filler = malloc((size_t)o.payload + 1);
  for (int i = 0; i < o.payload; i++) g_filler[i] = (u8)('a' + i % 26);
  struct rlimit rl;
  if (!getrlimit(RLIMIT_NOFILE, &rl)) { rl.rlim_cur = rl.rlim_max; setrlimit(RLIMIT_NOFILE, &rl); }
  g_srcbase = (1 + (u32)(now_ns() / 1000 + (u64)getpid() * 7919u) % 60000u) * 256u + 1;
  if (o.conns) return run_conns();
  return run_load();
}
