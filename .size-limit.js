/** What loads with core's main entry. The reading of streams (`source.js`) loads when one is first put. */
export default [
  {
    name: 'core, what loads with it',
    path: 'packages/core/dist/index.js',
    limit: '6 kB',
    modifyEsbuildConfig: config => ({ ...config, platform: 'node', external: ['./source.js'] }),
  },
  {
    name: 'core, with everything that loads on demand',
    path: 'packages/core/dist/index.js',
    limit: '8 kB',
    modifyEsbuildConfig: config => ({ ...config, platform: 'node' }),
  },
]
