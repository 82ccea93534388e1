/** A working maintainer for tests: seeded keys, a clock moved by hand, and every state it ever reached. */
import {
  announcementOf,
  authorRelease,
  authorRoot,
  createArchive,
  encodeAnnouncement,
  renewTimestamp,
  signerFromSeed,
  type Announcement,
  type ReleaseContent,
  type Signer,
  type TrustedState,
} from '@holdfast/release'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'

interface PublisherOptions {
  /** Two publishers with one seed have the same keys. */
  seed?: number
  /** How many maintainers there are. */
  maintainers?: number
  threshold?: number
  name?: string
  now?: Date
}

const RAW = 0x55
const DAG_PB = 0x70
const SEED_BYTES = 32
const TEST_START = new Date('2026-03-01T12:00:00Z')

export class Publisher {
  state: TrustedState
  now: Date
  /** All who may sign at present; the first `threshold` do unless told otherwise. */
  signers: Signer[]
  threshold: number
  readonly name: string

  /** Use Publisher.create. */
  constructor(state: TrustedState, signers: Signer[], threshold: number, name: string, now: Date) {
    this.state = state
    this.signers = signers
    this.threshold = threshold
    this.name = name
    this.now = now
  }

  /** An archive without a release: one maintainer and threshold 1 unless told otherwise. */
  static async create(options: PublisherOptions = {}): Promise<Publisher> {
    const { seed = 1, maintainers = 1, threshold = 1, name = 'Test archive', now = TEST_START } = options
    const signers = await testSigners(seed, maintainers)
    const publicKeys = signers.map((signer) => signer.publicKey)
    const state = await createArchive({ name, maintainers: publicKeys, threshold, signers, now })
    return new Publisher(state, signers, threshold, name, now)
  }

  get address(): string {
    return this.state.address
  }

  /** @param days may be negative */
  advance(days: number): void {
    this.now = new Date(this.now.getTime() + days * 24 * 60 * 60 * 1000)
  }

  /** Another maintainer with the same keys, who from here on knows nothing of this one: a fork in the making. */
  branch(): Publisher {
    return new Publisher({ ...this.state }, this.signers, this.threshold, this.name, this.now)
  }

  /**
   * Release n + 1.
   *
   * @param content a text that stands for the content: equal texts give equal CIDs; or the content itself
   */
  async release(
    content: string | ReleaseContent,
    options: { message?: string; signers?: Signer[]; published?: Date } = {},
  ): Promise<Announcement> {
    const { message = 'A test release', signers = this.signers.slice(0, this.threshold), published } = options
    this.state = await authorRelease({
      state: this.state,
      content: typeof content === 'string' ? await testContent(content) : content,
      message,
      signers,
      now: this.now,
      ...(published && { published }),
    })
    return this.announcement()
  }

  /** A new timestamp. @param signer one maintainer; the first unless told otherwise */
  async renew(signer: Signer | undefined = this.signers[0]): Promise<Announcement> {
    this.state = await renewTimestamp({ state: this.state, signers: signer ? [signer] : [], now: this.now })
    return this.announcement()
  }

  /** Changes who signs: the old signers and the new ones sign together. */
  async rotate(signers: Signer[], threshold: number = this.threshold): Promise<void> {
    this.state = await authorRoot({
      state: this.state,
      name: this.name,
      maintainers: signers.map((signer) => signer.publicKey),
      threshold,
      signers: [...signers, ...this.signers],
      now: this.now,
    })
    this.signers = signers
    this.threshold = threshold
  }

  /** The newest release. */
  announcement(): Announcement {
    return announcementOf(this.state)
  }

  /** The newest release as it travels. */
  bytes(): Uint8Array {
    return encodeAnnouncement(this.announcement())
  }
}

/** @returns signers whose keys depend on the seed alone */
export function testSigners(seed: number, count: number): Promise<Signer[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) => {
      const bytes = new Uint8Array(SEED_BYTES)
      new DataView(bytes.buffer).setUint32(0, seed)
      new DataView(bytes.buffer).setUint32(4, i)
      return signerFromSeed(bytes)
    }),
  )
}

/** @returns content whose CIDs are real hashes of the text, though no such tree exists */
export async function testContent(text: string): Promise<ReleaseContent> {
  const bytes = new TextEncoder().encode(text)
  const cid = CID.createV1(DAG_PB, await sha256.digest(bytes))
  const manifest = CID.createV1(RAW, await sha256.digest(new TextEncoder().encode(`manifest of ${text}`)))
  return { cid, rootBlockSize: bytes.length, size: 1000 * bytes.length, files: 3, manifest }
}
