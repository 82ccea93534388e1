/** A small archive of invented companies, made on the spot: tables in two languages, pictures, a PDF, nested folders, odd names. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'

interface Company {
  city: string
  cityZh: string
  name: string
  nameZh: string
  hours: string
}

// None of them exists.
const COMPANIES: readonly Company[] = [
  { city: 'Northport', cityZh: '北港', name: 'Lantern Tower Games', nameZh: '灯塔游戏', hours: '09:30-22:00, 6 days' },
  { city: 'Northport', cityZh: '北港', name: 'Paper Boat Logistics', nameZh: '纸船物流', hours: '09:00-21:00, 6 days' },
  { city: 'Willow Bay', cityZh: '柳湾', name: 'Blue Abacus Cloud', nameZh: '蓝算盘云', hours: '10:00-23:00, 5 days' },
  {
    city: 'Willow Bay',
    cityZh: '柳湾',
    name: 'Seven Kites Retail',
    nameZh: '七风筝零售',
    hours: '09:00-21:30, 6 days',
  },
  { city: 'Stone Ferry', cityZh: '石渡', name: 'Moss Engine Works', nameZh: '苔藓引擎', hours: '08:30-21:00, 6 days' },
]

const ADDED: Company = {
  city: 'Stone Ferry',
  cityZh: '石渡',
  name: 'Copper Gong Media',
  nameZh: '铜锣传媒',
  hours: '10:00-22:30, 6 days',
}

/** Bytes of one larger file, so that a release has files of more than one block. */
const RECORDING_BYTES = 2_500_000

/**
 * Writes the first or second state of the sample.
 *
 * @param folder is made; files in it that the sample has too are overwritten
 * @param release 1, or 2: one company and its evidence more, one file changed
 */
export function writeSampleArchive(folder: string, release: 1 | 2): void {
  const companies = release === 1 ? COMPANIES : [...COMPANIES, ADDED]
  const put = (path: string, content: string | Uint8Array): void => {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  put(
    'README.md',
    `# Working hours\n\nWho asks for how much, with evidence. State ${release}.\n\n[中文](README_CN.md)\n`,
  )
  put('README_CN.md', `# 工作时间\n\n谁要求多少,附证据。第 ${release} 版。\n`)
  put(
    'blacklist/README.md',
    table(
      ['City', 'Company', 'Hours', 'Evidence'],
      companies.map((one) => [one.city, one.name, one.hours, evidenceOf(one)]),
    ),
  )
  put(
    'blacklist/名单 (中文).md',
    table(
      ['城市', '公司', '时间', '证据'],
      companies.map((one) => [one.cityZh, one.nameZh, one.hours, evidenceOf(one)]),
    ),
  )
  for (const [i, one] of companies.entries()) put(`blacklist/${evidenceOf(one)}`, picture(160 + 40 * i, 120, i))
  put('documents/notice.pdf', pdf(`Notice on working hours, state ${release}`))
  put('documents/2019/05/合同 - 副本.txt', 'A contract, and its copy.\n')
  put('documents/empty.txt', '')
  put('documents/Hours.md', 'A name that differs from the next\n')
  put('documents/hours.md', 'by one letter\n')
  put('recordings/meeting.raw', noise(RECORDING_BYTES, 7))
}

function evidenceOf({ name, nameZh }: Company): string {
  return `img/${nameZh} ${name.toLowerCase().replaceAll(' ', '-')}.png`
}

function table(head: readonly string[], rows: readonly string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** A PNG (W3C PNG, 2003) of coloured stripes, without any metadata. */
function picture(width: number, height: number, seed: number): Uint8Array {
  const rows: number[] = []
  for (let y = 0; y < height; y++) {
    rows.push(0)
    for (let x = 0; x < width; x++) rows.push((x * (seed + 3)) & 255, (y * 5 + seed * 40) & 255, ((x ^ y) * 3) & 255)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

/** One page with one line (ISO 32000-1). */
function pdf(line: string): Uint8Array {
  const stream = `BT /F1 18 Tf 72 720 Td (${line}) Tj ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((body, i) => {
    const at = text.length
    text += `${i + 1} 0 obj\n${body}\nendobj\n`
    return at
  })
  const start = text.length
  const entries = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  return Buffer.from(text, 'latin1')
}

/** Bytes that do not compress and are the same on every machine (xorshift32, Marsaglia 2003). */
function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let x = seed
  for (let i = 0; i < length; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    bytes[i] = x & 255
  }
  return bytes
}
