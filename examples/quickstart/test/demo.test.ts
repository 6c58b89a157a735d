import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Outcome, type RunOptions, run, surroundings } from '../../test/programs.ts'

let demo: {
  /** Where the demo is started: relative paths are relative to it. */
  folder: string
  run(args: readonly string[], end?: RunOptions['end']): Promise<Outcome & { leftBehind: string[] }>
}
beforeEach(async () => {
  const { folder, env, leftBehind } = await surroundings()
  demo = {
    folder,
    async run(args, end) {
      const outcome = await run('quickstart/src/main.ts', args, { env, ...(end && { end }) })
      return { ...outcome, leftBehind: await leftBehind() }
    },
  }
})

/** Makes a file and returns the id that it must get. */
async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(demo.folder, name), content)
  return createHash('sha256').update(content).digest('hex')
}

describe('files', () => {
  test('its own files, with the big one, go all the way, in text without escapes', async () => {
    const { code, stdout, stderr, leftBehind } = await demo.run([])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).not.toContain('\x1b')
    expect(stdout).toMatch(/evening-lake\.png +image\/png +360 × 240 +17\.4 kB +[0-9a-f]{64}/)
    expect(stdout).toMatch(/morning-hills\.jpeg +image\/jpeg +400 × 266 /)
    expect(stdout).toMatch(/rain\.wav +30 MB +[0-9.]+m?s +[0-9.]+ [kMG]B\/s/)
    expect(stdout).toMatch(
      /rain\.wav +audio\/wav +30 MB +c33721d7852c78dfcde4ac4345cb340ea1e9447612ead7fe7162bc3972972be7/,
    )
    expect(stdout).toContain('6 of 6 files right, after reopening')
    expect(stdout).toContain('All is well')
    expect(leftBehind).toEqual([])
  })

  test('given files with odd names each show their id', async () => {
    const names = ['with space.txt', '日本語 ☕️.dat', '-dash', 'empty', `quote'"$.json`, 'bell\x07\x1b[31m.txt']
    const ids = await Promise.all(names.map(name => file(name, name === 'empty' ? '' : name)))
    const { code, stdout } = await demo.run(['--', ...names])
    expect(code).toBe(0)
    for (const id of ids) expect(stdout).toContain(id)
    expect(stdout).toContain('6 of 6 files right, in the same process')
    // A name cannot send control characters to the terminal.
    expect(stdout).toContain('bell\\u{7}\\u{1b}[31m.txt')
    expect(stdout).not.toContain('\x1b')
  })

  test('the same bytes twice are one content and one ref', async () => {
    const id = await file('one.txt', 'same')
    await file('two.txt', 'same')
    const { code, stdout } = await demo.run(['--json', 'one.txt', 'two.txt', 'one.txt'])
    const report = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(report.puts.map((put: { ref: { id: string } }) => put.ref.id)).toEqual([id, id, id])
    expect(report.puts.map((put: { sameBytesAs?: string }) => put.sameBytesAs)).toEqual([
      undefined,
      'one.txt',
      'one.txt',
    ])
    expect(report.commit.refs).toHaveLength(1)
    expect(report.verification.map((round: { files: unknown[] }) => round.files.length)).toEqual([3, 3])
  })
})

describe('--json', () => {
  test('prints one document with what was done, and nothing else', async () => {
    const id = await file('note.md', '# Note\n')
    const { code, stdout, stderr, leftBehind } = await demo.run(['--', '--json', 'note.md'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      problems: [],
      folder: { kept: false },
      puts: [{ name: 'note.md', ref: { id, byteLength: 7, mediaType: 'text/markdown', label: 'note.md' } }],
      secondPut: { name: 'note.md', id, wroteAnything: false },
      commit: { refs: [{ id }] },
      otherSession: { id, outcome: 'not_found' },
      crash: { signal: 'SIGKILL', orphan: { label: 'draft.txt' }, shared: { id }, orphanedContents: 1 },
      sweep: { reclaimedCount: 1, failures: [], orphanIsGone: true, sharedIsThere: true },
      verification: [
        { when: 'in the same process', files: [{ id, expectedSha256: id, readSha256: id, matches: true }] },
        { when: 'after reopening', files: [{ id, expectedSha256: id, readSha256: id, matches: true }] },
      ],
    })
    expect(leftBehind).toEqual([])
  })

  test('a failure is a document as well', async () => {
    const { code, stdout, stderr } = await demo.run(['--json', 'nowhere.png'])
    expect(code).toBe(1)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      problems: ['cannot read nowhere.png: there is no such file'],
    })
  })
})

describe('--dir', () => {
  test('keeps the store, whose files are named by the digest of what is in them, and the session log', async () => {
    const id = await file('note.txt', 'kept')
    const { code, leftBehind } = await demo.run(['--dir', 'kept', 'note.txt'])
    expect(code).toBe(0)
    expect(leftBehind).toEqual([])
    const kept = join(demo.folder, 'kept')
    const stored = await readFile(join(kept, 'attachments', 'sha256', id.slice(0, 2), id), 'utf8')
    expect(stored).toBe('kept')
    const log = JSON.parse(await readFile(join(kept, 'session-log.json'), 'utf8'))
    expect(log.turns[0].attachments[0]).toEqual({ id, byteLength: 4, mediaType: 'text/plain', label: 'note.txt' })
  })

  test('a folder with something in it is refused and left as it is', async () => {
    await file('note.txt', 'mine')
    const { code, stderr } = await demo.run(['--dir', '.', 'note.txt'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/is not empty; give --dir a new one/)
    expect(await readdir(demo.folder)).toEqual(['note.txt'])
  })
})

describe('what cannot be done', () => {
  test('every path that cannot be read is named, and nothing is stored', async () => {
    await file('fine.txt', 'fine')
    await mkdir(join(demo.folder, 'folder'))
    const { code, stdout, stderr, leftBehind } = await demo.run(['--dir', 'out', 'fine.txt', 'gone.pdf', 'folder'])
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toBe(
      'cannot read gone.pdf: there is no such file\ncannot read folder: it is a folder; give the files in it\n',
    )
    expect((await readdir(demo.folder)).sort()).toEqual(['fine.txt', 'folder'])
    expect(leftBehind).toEqual([])
  })

  test('interrupted, it leaves nothing behind', async () => {
    await file('note.txt', 'interrupted')
    const { signal, leftBehind } = await demo.run(['note.txt'], { with: 'SIGINT', after: 'Attachments' })
    expect(signal).toBe('SIGINT')
    expect(leftBehind).toEqual([])
  })
})

test('a wrong command line is explained', async () => {
  expect(await demo.run(['--jsn'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^Unknown option '--jsn'.*; see --help\n$/),
  })
  expect(await demo.run(['--dir='])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: '--dir needs the path of a folder; see --help\n',
  })
})

test('--help says how', async () => {
  const { code, stdout } = await demo.run(['--help'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Usage: pnpm demo \[options\] \[files\.\.\.\]/)
})
