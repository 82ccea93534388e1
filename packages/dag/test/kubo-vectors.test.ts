/** The same trees give the same root CIDs in Kubo: profile unixfs-v1-2025, IPIP-499. */
import { describe, expect, it } from 'vitest'
import { importTree } from '../src/index.ts'
import { TREES } from './generated-trees.ts'
import { memoizedSha256 } from './memory-blocks.ts'

/**
 * Made by Kubo 0.43.0: `ipfs init --empty-repo --profile=unixfs-v1-2025`, each tree of generated-trees.ts written to a folder,
 * `ipfs --offline add -r -Q --hidden FOLDER`.
 */
const MADE_BY_KUBO: Record<keyof typeof TREES, string> = {
  'nothing at all': 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354',
  'empty file': 'bafybeigalvxqcgqiogiv6bimmxedgxbhu7cikwhwha2c2iqzdbnabewjai',
  'one byte under a chunk': 'bafybeihunngn3siwzq4kyr6fiopv6xinu3gvreneyt4d62eq7lprpd7uii',
  'one chunk': 'bafybeihpkwrgyhqhx4zkufqykydtwycujlzikqr2ts5miz33gtjdr3kotu',
  'one byte over a chunk': 'bafybeicgx6mxrr4lpmwp57rxiaircfvr653hahi7sq7jynfpnqtqmm23lq',
  'two chunks and a bit': 'bafybeigz3zxhk7knpeld3rbhmrvvk6dnzfbdybgtivng4yoxuofe4fmqwy',
  '1024 chunks': 'bafybeibisw5mox2bxpe3rqruiwhh5q6bar2oewq55upe5xewgqqgewckry',
  '1024 chunks and a byte': 'bafybeif33aw3rf22bnfpertgzymu2lstdb6wp5jd7vbddrxf7dyy4wryiu',
  '2049 chunks': 'bafybeihencg242slvcpabcwppiibsxsbzlefmxozyjdidt2f3b5esxko4u',
  '4097 chunks': 'bafybeia76c2ehtugzeegfwec36voxyohquvosxyia653wczd7l5hrqstg4',
  'empty folders': 'bafybeidpog3qmau7fo43mjd56tdsozln4xhbiq46bakbnr2eapbjmetlkq',
  'odd names': 'bafybeibvva4dqupnolv62p3ouxivlkrbyqs7wvsou7zaithvwfa2rqhfdu',
  'files, just below the threshold': 'bafybeihja7vtgsuock46nv72hb4446kkjh5uwqoyt5cf2ub4qinv3566qu',
  'files, just above the threshold': 'bafybeidgf3kdnvrm3gjtbqzr7rqdprfi3ox4m5x2ozwuw5nrz4ddcgwx5y',
  'folders, just below the threshold': 'bafybeieauvonlkfkzceidlg3c5ofrhvsxvahyelgqcjs72nioadvnv2yiq',
  'folders, just above the threshold': 'bafybeicbtamqq3al6r7p4oxsjmge6y25az7ghwutqfsmrrfcjpnvmbhaze',
  'full folders, just above the threshold': 'bafybeifclm65jyszbtsld6srzvh6bw7hq7zdqzrc5c37ce6lodh3sm3zxi',
  '20,000 files in one folder': 'bafybeiapvvqsxdzmhhr3nrijqysqyf5brkngwt2j3ojxad6nsseqnvmjgy',
  'sharded folders in one another': 'bafybeiba5mr4wefwhqwz3kcurifonvq3dt4ddvgtebr4rvdr6rqh5zu4ee',
}

const discard = { put: async (): Promise<void> => {} }

describe('root CIDs equal those of Kubo 0.43', () => {
  it.each(Object.entries(MADE_BY_KUBO))('%s', async (name, cid) => {
    const { cid: ours } = await importTree(TREES[name]?.() ?? [], discard, { sha256: memoizedSha256() })
    expect(ours.toString()).toBe(cid)
  })

  it('has a vector for each tree', () => {
    expect(Object.keys(MADE_BY_KUBO)).toEqual(Object.keys(TREES))
  })
})
