import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { AttachmentsForOptions } from '@lash/attachments-ai-sdk'
import { expect, onTestFinished, test } from 'vitest'

const readme = await readFile(join(import.meta.dirname, '..', 'README.md'), 'utf8')

test('the code of the README runs as it stands, and prints what it says', async () => {
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block as string)
  // A file beside the tests, from which the packages are found.
  const program = join(import.meta.dirname, `.readme-${process.pid}.mjs`)
  onTestFinished(() => rm(program, { force: true }))
  await writeFile(program, `${provider}\n${blocks.join('\n')}`)
  const env = { ...process.env, NODE_OPTIONS: '' }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { env })
  const said = [...blocks.join('\n').matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, line]) => line)
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toEqual(said)
})

/** The names of models are those of a provider that draws when it is asked to, and else says how big a picture is. */
const provider = `
import { customProvider } from 'ai'
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test'

const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } }
const call = { type: 'tool-call', toolCallId: 'call-1', toolName: 'draw', input: '{"what":"a lake"}' }
const mock = new MockLanguageModelV4({
  doGenerate: async ({ prompt }) => {
    const size = prompt[0].content[1].data.data.byteLength
    const content = [{ type: 'text', text: 'A picture of ' + size + ' bytes.' }]
    return { content, finishReason: { unified: 'stop' }, usage, warnings: [] }
  },
  doStream: async ({ prompt }) => {
    const isDrawn = prompt.at(-1).role === 'tool'
    const unified = isDrawn ? 'stop' : 'tool-calls'
    const finish = { type: 'finish', finishReason: { unified }, usage }
    return { stream: convertArrayToReadableStream([...(isDrawn ? [] : [call]), finish]) }
  },
})
globalThis.AI_SDK_DEFAULT_PROVIDER = customProvider({ languageModels: { 'openai/gpt-5.2': mock } })
`

test('the README explains every option', () => {
  const options: Record<keyof AttachmentsForOptions, true> = { concurrency: true, fallback: true }
  const [, section = ''] = readme.split('## Options')
  const [table = ''] = section.split('`toModelMessages(')
  const explained = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
  expect(explained).toEqual(Object.keys(options))
})
