/** What loads with core's main entry. What streams need loads with the first one that is put or read. */
export default [
  {
    name: 'core, what loads with it',
    path: 'packages/core/dist/index.js',
    limit: '7.5 kB',
    modifyEsbuildConfig: config => ({
      ...config,
      platform: 'node',
      format: 'esm',
      external: ['./source.js', '../reading/stream-reading.js'],
    }),
  },
  {
    name: 'core, with everything that loads on demand',
    path: 'packages/core/dist/index.js',
    limit: '9.6 kB',
    modifyEsbuildConfig: config => ({ ...config, platform: 'node', format: 'esm' }),
  },
]
