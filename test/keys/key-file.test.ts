/** A maintainer's key on disk. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signerFromSeed } from '@holdfast/release'
import { armor, Decrypter, Encrypter } from 'age-encryption'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createKeyFile, openKeyFile, requireKeyFile } from '../../src/keys/key-file.ts'

/** Of scrypt: seconds are for thieves, not for tests. */
const FAST = { workFactor: 8 }
const PASSPHRASE = 'correct horse battery staple'

function keyPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-key-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'keys', 'alice.age')
}

async function locked(plaintext: string, passphrase = PASSPHRASE): Promise<string> {
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  encrypter.setScryptWorkFactor(FAST.workFactor)
  return armor.encode(await encrypter.encrypt(plaintext))
}

describe('a key file', () => {
  it('opens with its passphrase and signs as the key that was made', async () => {
    const file = keyPath()
    const { publicKey } = await createKeyFile(file, PASSPHRASE, FAST)
    const signer = await openKeyFile(file, PASSPHRASE)
    expect([signer.publicKey, publicKey]).toEqual([publicKey, expect.stringMatching(/^[0-9a-f]{64}$/)])
    expect(await signer.sign(new Uint8Array(3))).toHaveLength(64)
  })

  it('is for its owner alone, and holds neither seed nor public key in clear', async () => {
    const file = keyPath()
    const seed = new Uint8Array(32).fill(9)
    const { publicKey } = await createKeyFile(file, PASSPHRASE, { ...FAST, seed })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700)
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n[^]*-----END AGE ENCRYPTED FILE-----\n$/)
    expect(text).not.toContain(publicKey)
    expect(text).not.toContain('09090909')
  })

  it('keeps a seed that was given, and overwrites it in memory', async () => {
    const file = keyPath()
    const seed = new Uint8Array(32).fill(9)
    const expected = await signerFromSeed(seed)
    await createKeyFile(file, PASSPHRASE, { ...FAST, seed })
    expect(seed).toEqual(new Uint8Array(32))
    expect((await openKeyFile(file, PASSPHRASE)).publicKey).toBe(expected.publicKey)
  })

  it('is an age file that says what it is', async () => {
    const file = keyPath()
    const { publicKey } = await createKeyFile(file, PASSPHRASE, { ...FAST, seed: new Uint8Array(32).fill(9) })
    const decrypter = new Decrypter()
    decrypter.addPassphrase(PASSPHRASE)
    const inside = await decrypter.decrypt(armor.decode(readFileSync(file, 'utf8')), 'text')
    expect(JSON.parse(inside)).toEqual({ holdfast: 'maintainer key', v: 1, publicKey, seed: '09'.repeat(32) })
  })

  it('is made at full strength unless told otherwise', async () => {
    const file = keyPath()
    await createKeyFile(file, PASSPHRASE)
    const header = Buffer.from(armor.decode(readFileSync(file, 'utf8'))).toString('latin1')
    expect(header).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S+ 18\n/)
  })

  it('is never overwritten', async () => {
    const file = keyPath()
    await createKeyFile(file, PASSPHRASE, FAST)
    const before = readFileSync(file)
    await expect(createKeyFile(file, 'another', FAST)).rejects.toMatchObject({ code: 'exists' })
    expect(readFileSync(file)).toEqual(before)
  })

  it('of two that are made at once under one name, one stays and the other says so', async () => {
    const file = keyPath()
    const made = await Promise.allSettled([
      createKeyFile(file, PASSPHRASE, FAST),
      createKeyFile(file, PASSPHRASE, FAST),
    ])
    const whole = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value.publicKey] : []))
    expect(whole).toHaveLength(1)
    expect((await openKeyFile(file, PASSPHRASE)).publicKey).toBe(whole[0])
  })

  it('under no passphrase is not made', async () => {
    const file = keyPath()
    await expect(createKeyFile(file, '', FAST)).rejects.toMatchObject({ code: 'empty-passphrase' })
    expect(existsSync(file)).toBe(false)
  })

  const mounted = spawnSync('mount', ['--version']).status === 0 && process.getuid?.() === 0
  it.runIf(mounted)('that does not fit on the disk is not there at all', async () => {
    const file = keyPath()
    await createKeyFile(file, PASSPHRASE, FAST)
    const disk = join(file, '..')
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k,nr_inodes=8', 'tmpfs', disk]).status !== 0) return
    onTestFinished(() => void spawnSync('umount', ['-l', disk]))
    writeFileSync(join(disk, 'full'), new Uint8Array(4096))
    await expect(createKeyFile(join(disk, 'bob.age'), PASSPHRASE, FAST)).rejects.toMatchObject({ code: 'disk-full' })
    expect(existsSync(join(disk, 'bob.age'))).toBe(false)
  })
})

describe('what does not open says why', () => {
  it('a wrong passphrase', async () => {
    const file = keyPath()
    await createKeyFile(file, PASSPHRASE, FAST)
    const wrong = openKeyFile(file, 'incorrect horse')
    await expect(wrong).rejects.toMatchObject({ code: 'wrong-passphrase', message: expect.stringContaining(file) })
    await expect(wrong).rejects.not.toMatchObject({ message: expect.stringContaining('incorrect horse') })
  })

  it('a file that is not there', async () => {
    const file = keyPath()
    await expect(openKeyFile(file, PASSPHRASE)).rejects.toMatchObject({ code: 'not-found' })
    expect(() => requireKeyFile(file)).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  it('a damaged file: cut off, changed, or something else altogether', async () => {
    const file = keyPath()
    await createKeyFile(file, PASSPHRASE, FAST)
    const text = readFileSync(file, 'utf8')
    const lines = text.split('\n')
    const last = lines.length - 3
    const flipped = lines
      .with(
        last,
        (lines[last] ?? '').replace(/^./, (char) => (char === 'A' ? 'B' : 'A')),
      )
      .join('\n')
    const damage = [
      '',
      'hello',
      text.slice(0, 200),
      text.replace('BEGIN AGE', 'BEGIN RAGE'),
      flipped,
      lines.toSpliced(-3, 1).join('\n'),
      'x'.repeat(100_000),
    ]
    for (const damaged of damage) {
      writeFileSync(file, damaged)
      await expect(openKeyFile(file, PASSPHRASE)).rejects.toMatchObject({
        code: 'bad-key-file',
        message: expect.stringContaining(file),
      })
      expect(readFileSync(file, 'utf8')).toBe(damaged)
    }
  })

  it('an age file with something else inside, without quoting what', async () => {
    const file = keyPath()
    await createKeyFile(file, PASSPHRASE, FAST)
    const seed = '07'.repeat(32)
    const inside = [
      `{"holdfast":"maintainer key","v":1,"publicKey":"${seed}","seed":"${seed}"}`,
      `seed ${seed}`,
      '{"v":1}',
    ]
    for (const plaintext of inside) {
      writeFileSync(file, await locked(plaintext))
      const error: unknown = await openKeyFile(file, PASSPHRASE).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'bad-key-file' })
      expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toContain('0707')
    }
  })

  it('a passphrase that is too much work to try', async () => {
    const file = keyPath()
    await createKeyFile(file, PASSPHRASE, FAST)
    const raw = Buffer.from(armor.decode(readFileSync(file, 'utf8'))).toString('latin1')
    writeFileSync(file, armor.encode(Buffer.from(raw.replace(/ 8\n/, ' 40\n'), 'latin1')))
    await expect(openKeyFile(file, PASSPHRASE)).rejects.toMatchObject({ code: 'bad-key-file' })
  })
})
