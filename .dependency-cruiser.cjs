/**
 * Who may import whom (docs/architecture.md). Every rule is an error; type-only imports count too.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const may = (folder, allowed, extra = {}) => ({
  name: `${folder.replaceAll('/', '-')}-imports`,
  comment: `${folder} imports only ${allowed.join(', ') || 'nothing'} of src/`,
  severity: 'error',
  from: { path: `^src/${folder}/`, ...extra },
  to: { path: '^src/', pathNot: [folder, ...allowed].map((path) => `^src/${path}(/|$|\\.ts$)`) },
});

const only = (name, importers, target) => ({
  name,
  comment: `only ${importers.join(', ')} may import it`,
  severity: 'error',
  from: { path: '^src/', pathNot: importers.map((path) => `^src/${path}`) },
  to: { path: target },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'no import cycles, type-only ones included',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^net-keepalive$' },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'shipped code uses runtime dependencies only',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '@types/' },
    },
    {
      name: 'not-to-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|example|benchmark|scripts)/' },
    },
    {
      name: 'nobody-imports-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    may('common', []),
    may('remoting', ['common']),
    may('auth', ['common']),
    may('rpc', ['common']),
    may('namesrv', ['common', 'remoting', 'rpc']),
    may('lmq/spi', ['common']),
    may('lmq/embedded', ['common', 'lmq/spi']),
    may('lmq/memory', ['common', 'lmq/spi']),
    may('lmq/routed', ['common', 'lmq/spi']),
    may('lmq/remote', ['common', 'rpc', 'lmq/spi']),
    may('lmq/server', ['common', 'rpc', 'lmq/spi']),
    may('gateway', ['common', 'auth/types', 'lmq/spi', 'namesrv/types']),
    // The other composition root: what users of the library build on.
    may('library', ['common', 'auth', 'lmq', 'namesrv/types', 'gateway', 'admin/exposition']),
    {
      name: 'nobody-imports-library',
      comment: 'only the package entry point, src/index.ts, which nobody imports either',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(library/|index\\.ts$)' },
      to: { path: '^src/(library/|index\\.ts$)' },
    },
    may('admin', [
      'common',
      'auth/types',
      'lmq/spi',
      'lmq/server/store-server-stats',
      'namesrv/types',
      'namesrv/server/namesrv-stats',
      'gateway/types',
    ]),
    only(
      'rocksdb-in-one-file',
      ['lmq/embedded/kv-engine\\.ts$'],
      'node_modules/(@types/)?rocksdb/',
    ),
    only('grpc-in-rpc', ['rpc/'], 'node_modules/@grpc/'),
    only('pino-in-cli', ['cli/'], 'node_modules/pino/'),
    only('ini-in-config', ['common/config/'], 'node_modules/(@types/)?ini/'),
    only(
      'sockets-at-the-edge',
      ['gateway/listener/', 'gateway/connection/', 'remoting/', 'admin/'],
      '^(node:)?(net|tls|http|https|http2|dgram)$',
    ),
    only('process-in-cli', ['cli/'], '^(node:)?(process|child_process|cluster)$'),
    {
      name: 'spi-has-no-side-effects',
      severity: 'error',
      from: { path: '^src/(lmq/spi|common/topic)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'gateway-layers',
      comment: 'codec ← session ← channel ← connection ← listener; never upward',
      severity: 'error',
      from: { path: '^src/gateway/codec/' },
      to: { path: '^src/gateway/', pathNot: '^src/gateway/codec/' },
    },
    {
      name: 'gateway-hooks-layer',
      comment: 'hooks stand beside the codec: channels and sessions ask them, they ask nobody',
      severity: 'error',
      from: { path: '^src/gateway/hooks/' },
      to: {
        path: '^src/gateway/',
        pathNot: '^src/gateway/(hooks/|codec/|gateway-stats\\.ts$|routing/publish-refusal\\.ts$)',
      },
    },
    {
      name: 'gateway-session-layer',
      severity: 'error',
      from: { path: '^src/gateway/session/' },
      to: { path: '^src/gateway/(channel|connection|listener)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    builtInModules: { add: [] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
