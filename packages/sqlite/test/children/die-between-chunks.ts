import { SqliteAttachmentStore } from '@lash/attachments-sqlite'

// Puts 12 MiB and is killed, as by `kill -9`, when two thirds of them are committed.
const [path] = process.argv.slice(2) as [string]
const store = new SqliteAttachmentStore({ path })
const content = await store.prepare(new Blob([new Uint8Array(12 * 1024 * 1024)]))
const whole = content.stream.bind(content)
content.stream = () => {
  let passed = 0
  const killing = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      passed += chunk.byteLength
      if (passed > 9 * 1024 * 1024) process.kill(process.pid, 'SIGKILL')
      controller.enqueue(chunk)
    },
  })
  return whole().pipeThrough(killing)
}
await store.put(content, { mediaType: 'application/octet-stream' })
