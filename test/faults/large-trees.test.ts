/** Folders as they are in life: one file of 1 GB, 20,000 files in one folder; in constant memory, and the same afterwards. */
import { createHash } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { TestWorld, type JsonLine } from '@holdfast/testkit'
import { afterAll, describe, expect, it } from 'vitest'

const GB = 1024 ** 3
const CHUNK = 8 * 1024 * 1024
const FILES = 20_000
/** Megabytes that a command or mirror may take at its most; the program alone takes about 150 here, a young heap and buffers the rest. */
const MOST_MB = 700

/** Loaded before the program: writes its peak memory when it ends. */
const MEASURE = `data:text/javascript,${encodeURIComponent(`
  import { appendFileSync } from 'node:fs'
  process.on('exit', () => appendFileSync(process.env.PEAK, process.resourceUsage().maxRSS + '\\n'))
`)}`

describe('a tree of life size', () => {
  const world = new TestWorld()
  afterAll(async () => await world.close())

  const roundTrip = async (
    name: string,
    content: string,
  ): Promise<{ got: JsonLine; output: string; peakMb: number }> => {
    const measured = { imports: [MEASURE], env: { PEAK: world.path(`${name}.peak`) } }
    const { home, link, address } = await world.maintainer(`maintainer-${name}`)
    const mirror = await world.mirror(`mirror-${name}`, [link], measured)
    await world.done(['publish', content, '-m', name, '--to', mirror.hint], { home, ...measured })
    const output = world.path(`out-${name}`)
    const got = await world.done(['get', address, '--from', mirror.hint, '-o', output], {
      home: world.path('reader'),
      ...measured,
    })
    await mirror.program.kill('SIGTERM')
    const peaks = readFileSync(world.path(`${name}.peak`), 'utf8')
      .trim()
      .split('\n')
      .map(Number)
    const peakMb = Math.round(Math.max(...peaks) / 1024)
    console.log(
      `${name}: peak memory of publish, mirror and get ${peaks.map((kb) => Math.round(kb / 1024)).join(', ')} MB; get took ${got['seconds']} s`,
    )
    return { got, output, peakMb }
  }

  it('has a file of 1 GB', async () => {
    mkdirSync(world.path('one'))
    const file = openSync(world.path('one', 'large.bin'), 'w')
    const block = Buffer.alloc(CHUNK)
    for (let at = 0; at < GB; at += CHUNK) {
      // Every mebibyte another one, or the blocks would be shared.
      for (let i = 0; i < CHUNK; i += 1024 * 1024) block.writeUInt32BE((at + i) / 1024, i)
      writeSync(file, block)
    }
    closeSync(file)
    const { got, output, peakMb } = await roundTrip('one', world.path('one'))
    expect(got).toMatchObject({ files: 1, size: GB })
    expect(await digestOf(`${output}/large.bin`)).toBe(await digestOf(world.path('one', 'large.bin')))
    expect(peakMb).toBeLessThan(MOST_MB)
  }, 300_000)

  it('has 20,000 files in one folder', async () => {
    mkdirSync(world.path('many'))
    for (let i = 0; i < FILES; i++) writeFileSync(world.path('many', `file ${i} 文件.txt`), `content of ${i}`)
    const { got, output, peakMb } = await roundTrip('many', world.path('many'))
    expect(got).toMatchObject({ files: FILES })
    expect(readdirSync(output)).toHaveLength(FILES)
    expect(readFileSync(`${output}/file 12345 文件.txt`, 'utf8')).toBe('content of 12345')
    expect(existsSync(`${output}/file 20000 文件.txt`)).toBe(false)
    expect(peakMb).toBeLessThan(MOST_MB)
  }, 300_000)
})

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
