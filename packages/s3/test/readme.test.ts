import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { connection, describeWithServer } from './server.ts'

describeWithServer('the README', () => {
  test('has an example that runs', async () => {
    if (connection === undefined) return
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const source = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
    const program = source
      .replace("'my-attachments'", JSON.stringify(connection.bucket))
      .replace("'production/'", "'test/readme/'")
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        AWS_ENDPOINT_URL_S3: connection.endpoint,
        AWS_ACCESS_KEY_ID: connection.accessKeyId,
        AWS_SECRET_ACCESS_KEY: connection.secretAccessKey,
      },
    })
    const [text, url] = stdout.trim().split('\n')
    expect(text).toBe('hello')
    const answer = await fetch(url ?? '')
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="hello.txt"')
    expect(await answer.text()).toBe('hello')
  })
})
