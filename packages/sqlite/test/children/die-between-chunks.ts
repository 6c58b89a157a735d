import { WatchedStore } from './watched-store.ts'

// Puts 12 MiB and is killed, as by `kill -9`, when two thirds of them are committed.
const [path] = process.argv.slice(2) as [string]
const store = new WatchedStore({ path })
await store.putWatched(new Uint8Array(12 * 1024 * 1024), passed => {
  if (passed > 9 * 1024 * 1024) process.kill(process.pid, 'SIGKILL')
})
