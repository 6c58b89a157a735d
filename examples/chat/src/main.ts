import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { chooseModel } from './model.ts'
import { startChat } from './server.ts'

const usage = `Usage: pnpm demo:chat [options]

A chat in the browser, with attachments: upload by button, drop or paste, let the model draw, fork, delete.

Options:
  --port <n>       where to listen, on 127.0.0.1; without it: a port that is free
  --data <folder>  keep the chats in this folder; without it: in a temporary one, which goes when this ends
  -h, --help       print this

Without a key the model is a mock, which says what it was given. With OPENAI_API_KEY it is one of OpenAI's;
OPENAI_MODEL names it.
`

interface Given {
  port: number
  data: string | undefined
  help: boolean
}

/** @throws Error with a message for the person who typed the command. */
function read(): Given {
  const args = process.argv.slice(2).filter(argument => argument !== '--') // which a package manager may pass on
  const options = { port: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
  const { port = '0', data, help = false } = parseArgs({ args, options }).values
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error('--port needs a number from 0 to 65535')
  if (data === '') throw new Error('--data needs the path of a folder')
  return { port: Number(port), data, help }
}

async function run({ port, data }: Given): Promise<void> {
  const signals = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(signal => once(process, signal))
  const folder = data === undefined ? mkdtempSync(join(tmpdir(), 'attachments-chat-')) : resolve(base, data)
  try {
    const chat = await startChat({ port, folder, model: chooseModel() })
    console.log(`A chat with attachments: ${chat.url}`)
    console.log(`  data   ${folder}${data === undefined ? ' (temporary; --data <folder> keeps one)' : ''}`)
    console.log(`  model  ${process.env.OPENAI_API_KEY ? 'of OpenAI' : 'a mock (OPENAI_API_KEY brings a real one)'}`)
    console.log('Press Ctrl-C to stop.')
    await Promise.race(signals)
    await chat.close()
    console.log('Stopped.')
  } finally {
    if (data === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Where the person is who typed the command: a package manager may have changed the folder. */
const base = process.env.INIT_CWD ?? process.cwd()

try {
  const given = read()
  if (given.help) process.stdout.write(usage)
  else await run(given)
} catch (error) {
  process.exitCode = 1
  process.stderr.write(`${error instanceof Error ? error.message : error}; see --help\n`)
}
